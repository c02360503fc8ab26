/* SPDX-License-Identifier: Apache-2.0 */
/* A station that lies about each message of the secure channel, one way after the other: changed, cut, longer, none,
 * an old one, the appliance's own, another chip's, another session's. The device's own side: channel_agent_test. */
#include "tests/unit/provision_secure_rig.h"

#include <string.h>

#include "wire/frame.h"

#define STEPS_MAX 512u
#define HANDSHAKE 2u /* messages of the appliance; what is wrong there may end the session */

/* A chip's answers in a whole run, as somebody on the line wrote them down. */
struct tape {
    unsigned count;
    struct {
        size_t len;
        uint8_t data[FRAME_MESSAGE_MAX];
    } answers[STEPS_MAX];
};
static struct tape others;  /* of another chip */
static struct tape earlier; /* of this chip, in an earlier session */
static struct tape now;

static struct bytes tape_keep(unsigned step, int again, struct bytes asked, struct bytes answer, uint8_t *out)
{
    (void)asked;
    (void)out;
    if (!again) {
        assert_in_range(step, 1, STEPS_MAX - 1);
        memcpy(now.answers[step].data, answer.data, answer.len);
        now.answers[step].len = answer.len;
        now.count = step;
    }
    return answer;
}

/* An honest run; gives the unit's number. */
static uint64_t honest_run(struct tape *out)
{
    struct ledger_unit unit;
    secure.twist = tape_keep;
    assert_true(secure_run());
    secure.twist = NULL;
    assert_int_equal(secure_unit_find(&unit), 1);
    assert_int_equal(unit.state, LEDGER_DONE);
    if (out != NULL) {
        *out = now;
    }
    return unit.number;
}

/* ---- the lies ---- */

static struct bytes changed(struct bytes answer, uint8_t *out, size_t at)
{
    out[at] ^= 0x10;
    return answer;
}

static struct bytes taped(const struct tape *tape, unsigned step, uint8_t *out)
{
    const unsigned which = step <= tape->count ? step : tape->count;
    memcpy(out, tape->answers[which].data, tape->answers[which].len);
    return bytes_of(out, tape->answers[which].len);
}

static struct bytes longer(struct bytes answer, uint8_t *out)
{
    out[answer.len] = 0;
    return bytes_of(out, answer.len + 1);
}

static struct bytes reflected(struct bytes asked, uint8_t *out)
{
    memcpy(out, asked.data, asked.len);
    return bytes_of(out, asked.len);
}

static const char *const lie_names[] = { "first byte",     "counter",   "middle",       "last byte",
                                         "one less",       "half",      "one byte",     "one more",
                                         "the one before", "reflected", "another chip", "earlier session" };
#define LIES (sizeof lie_names / sizeof lie_names[0])

static struct bytes lie_tell(size_t lie, unsigned step, struct bytes asked, struct bytes answer, uint8_t *out)
{
    switch (lie) {
    case 0:
        return changed(answer, out, 0);
    case 1:
        return changed(answer, out, answer.len < 8 ? 0 : 7);
    case 2:
        return changed(answer, out, answer.len / 2);
    case 3:
        return changed(answer, out, answer.len - 1);
    case 4:
        return bytes_of(out, answer.len - 1);
    case 5:
        return bytes_of(out, answer.len / 2);
    case 6:
        return bytes_of(out, 1);
    case 7:
        return longer(answer, out);
    case 8:
        return taped(&now, step - 1, out);
    case 9:
        return reflected(asked, out);
    case 10:
        return taped(&others, step, out);
    default:
        return taped(&earlier, step, out);
    }
}

static size_t lie;
static unsigned lie_from;
static unsigned lie_to;
static unsigned lies_told;

/* The first answer of each of these steps is a lie, the one after it is not. */
static struct bytes liar(unsigned step, int again, struct bytes asked, struct bytes answer, uint8_t *out)
{
    (void)tape_keep(step, again, asked, answer, out);
    if (again || step < lie_from || step > lie_to) {
        return answer;
    }
    lies_told++;
    return lie_tell(lie, step, asked, answer, out);
}

static int lying_run(size_t which, unsigned from, unsigned to)
{
    lie = which;
    lie_from = from;
    lie_to = to;
    lies_told = 0;
    secure.twist = liar;
    int done = secure_run();
    secure.twist = NULL;
    return done;
}

/* ---- */

static int setup(void **state)
{
    int result = secure_setup(state);
    assert_int_equal(honest_run(&others), 1);
    secure_chip_exchange(0x78);
    assert_int_equal(honest_run(&earlier), 2);
    return result;
}

/* Each answer of the run comes as a lie first: the appliance asks for it once more, and makes the same unit. */
static void no_lie_about_a_record_is_taken_at_any_step(void **state)
{
    (void)state;
    for (size_t which = 0; which < LIES; which++) {
        const unsigned number = 0x100 + (unsigned)which;
        secure_chip_exchange(number);
        if (which == LIES - 1) {
            (void)honest_run(&earlier);
        }
        if (!lying_run(which, HANDSHAKE + 1, STEPS_MAX)) {
            fail_msg("%s: the chip was not made", lie_names[which]);
        }
        assert_int_equal(lies_told, earlier.count - HANDSHAKE);
        if (secure.frames != secure.steps + lies_told) {
            fail_msg("%s: taken; %u frames for %u steps and %u lies", lie_names[which], secure.frames, secure.steps,
                     lies_told);
        }
        assert_int_equal(honest_run(NULL), 3 + which);
    }
}

/* In the handshake a lie ends the session or is passed over; nobody is counted for it, and the chip is made after it.
 */
static void no_lie_about_the_handshake_counts_or_stops_a_chip(void **state)
{
    struct ledger_unit unit;
    unsigned ended = 0;
    (void)state;
    secure_chip_exchange(0x200);
    for (size_t which = 0; which < LIES; which++) {
        for (unsigned step = 1; step <= HANDSHAKE; step++) {
            lie = which;
            int done = which == 8 && step == 1 ? 0 : lying_run(which, step, step);
            ended += !done;
            if (!done && secure_unit_find(&unit) != 0) {
                fail_msg("%s, message %u: the chip is on record", lie_names[which], step);
            }
            if (done) {
                assert_int_equal(secure.frames, secure.steps + 1);
                secure_chip_exchange(0x201 + (unsigned)(which * HANDSHAKE) + step);
            }
        }
    }
    assert_in_range(ended, 4, LIES * HANDSHAKE);
    assert_true(honest_run(NULL) > 2);
}

#define LIES_TEST(name) cmocka_unit_test_setup_teardown(name, setup, secure_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIES_TEST(no_lie_about_a_record_is_taken_at_any_step),
        LIES_TEST(no_lie_about_the_handshake_counts_or_stops_a_chip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
