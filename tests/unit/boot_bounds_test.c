/* SPDX-License-Identifier: Apache-2.0 */
/* What an application sends as an update stays in the region for it, however much it is and in whatever pieces. */
#include "tests/unit/test.h"

#include "boot/flash.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"

#define IMAGE_LEN 1200u

static struct maker maker;
static struct sim provisioned_machine;
static struct sim machine;
static struct sim before;
static uint8_t package[8192];
static size_t package_len;
static uint8_t flood[PSA_FWU_MAX_WRITE_SIZE];
static psa_fwu_component_t component;
static size_t piece_len;
static size_t written;
static psa_status_t said;

static int group_setup(void **state)
{
    struct maker_package spec;
    size_t block_len;
    (void)state;
    maker_start(&maker);
    sim_make(&provisioned_machine, 512, 16, 0xFF);
    maker_geometry(&provisioned_machine);
    spec = maker_package_right(&maker, 1, IMAGE_LEN);
    package_len = maker_package_write(&spec, package, sizeof package, &block_len);
    maker_provision(&maker, &provisioned_machine, package, package_len);
    memset(flood, 0x5A, sizeof flood);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    machine = provisioned_machine;
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    before = machine;
    return 0;
}

static const struct port_region *region(void)
{
    return component == PSA_FWU_COMPONENT_SBM ? &machine.map.sbm_package
                                              : &machine.map.package[device.state.now.active == 0 ? 1 : 0];
}

static void flood_run(void)
{
    said = service_update_start(component);
    for (written = 0; said == PSA_SUCCESS && written < 2 * SIM_FLASH_LEN;
         written += said == PSA_SUCCESS ? piece_len : 0) {
        said = service_update_write(component, written, bytes_of(flood, piece_len));
    }
}

/* All of the flash but `but`, as it was. */
static void assert_untouched(const struct port_region *but)
{
    assert_memory_equal(machine.flash, before.flash, but->off);
    uint32_t end = but->off + but->len;
    assert_memory_equal(machine.flash + end, before.flash + end, SIM_FLASH_LEN - end);
}

static void endless_update_stays_in_its_region(void **state)
{
    static const size_t pieces[] = { 1024, 1000, 512, 511, 17 };
    (void)state;
    for (component = 0; component < PSA_FWU_COMPONENTS; component++) {
        for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
            machine = before;
            assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
            memcpy(before.flash, machine.flash, SIM_FLASH_LEN);
            piece_len = pieces[i];
            assert_int_equal(sim_run(&machine, flood_run), SIM_RETURNED);
            assert_int_equal(said, PSA_ERROR_INVALID_ARGUMENT);
            assert_int_equal(written, region()->len / piece_len * piece_len);
            assert_untouched(region());
        }
    }
}

static void lying_run(void)
{
    static const size_t offsets[] = { 1, 512, 0x7FFFFFFF, 0x80000000u, 0xFFFFFFFFu, 0xFFFFFC00u, SIZE_MAX };
    said = service_update_start(component);
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        assert_int_equal(service_update_write(component, offsets[i], bytes_of(flood, 512)), PSA_ERROR_INVALID_ARGUMENT);
    }
    assert_int_equal(service_update_write(component, 0, bytes_of(flood, sizeof flood + 1)), PSA_ERROR_INVALID_ARGUMENT);
}

static void lying_offsets_and_lengths_write_nothing(void **state)
{
    (void)state;
    for (component = 0; component < PSA_FWU_COMPONENTS; component++) {
        assert_int_equal(sim_run(&machine, lying_run), SIM_RETURNED);
        assert_memory_equal(machine.flash, before.flash, SIM_FLASH_LEN);
    }
}

static void pieces_run(void)
{
    said = service_update_start(0);
    for (size_t at = 0; at < package_len && said == PSA_SUCCESS; at += piece_len) {
        size_t part = package_len - at < piece_len ? package_len - at : piece_len;
        said = service_update_write(0, at, bytes_of(package + at, part));
    }
    said = said == PSA_SUCCESS ? service_update_finish(0) : said;
}

/* Nothing is looked at before all of it has come: pieces put together no other package. */
static void package_is_the_same_in_any_pieces(void **state)
{
    static const size_t pieces[] = { 1, 7, 16, 255, 1024 };
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        machine = before;
        assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
        piece_len = pieces[i];
        assert_int_equal(sim_run(&machine, pieces_run), SIM_RETURNED);
        assert_int_equal(said, PSA_SUCCESS);
        assert_memory_equal(machine.flash + machine.map.package[1].off, package, package_len);
    }
}

static struct flash_stream stream;
static uint32_t stream_len;

static void stream_run(void)
{
    const struct port_region *slot = &port_flash()->package[1];
    flash_stream_start(&stream, slot->off, slot->off + slot->len);
    for (uint32_t at = 0; at < stream_len; at += 64) {
        flash_stream_add(&stream, bytes_of(flood, stream_len - at < 64 ? stream_len - at : 64));
    }
    (void)flash_stream_finish(&stream);
}

static void stream_ends_where_its_region_does(void **state)
{
    (void)state;
    const struct port_region *slot = &machine.map.package[1];
    const uint8_t *behind = machine.flash + slot->off + slot->len;
    for (unsigned more = 0; more < 2; more++) {
        memset(machine.flash + slot->off, machine.map.erased, slot->len);
        memcpy(before.flash, machine.flash, sizeof before.flash);
        stream_len = slot->len + more;
        assert_int_equal(sim_run(&machine, stream_run), SIM_RETURNED);
        assert_int_equal(stream.status, more ? STATUS_NO_SPACE : STATUS_OK);
        assert_memory_equal(behind, before.flash + slot->off + slot->len, machine.flash_len - slot->off - slot->len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(stream_ends_where_its_region_does, setup),
        cmocka_unit_test_setup(endless_update_stays_in_its_region, setup),
        cmocka_unit_test_setup(lying_offsets_and_lengths_write_nothing, setup),
        cmocka_unit_test_setup(package_is_the_same_in_any_pieces, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
