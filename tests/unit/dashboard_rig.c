/* SPDX-License-Identifier: Apache-2.0 */
/* dashboard_rig: see dashboard_rig.h. */
#include "tests/unit/dashboard_rig.h"

#include <stdio.h>

#include "tests/unit/host_support.h"
#include "tests/unit/test.h"

struct scene rig_scene;
struct dashboard *rig_dashboard;
uint16_t rig_port;
struct answer rig_answer;

struct dashboard_config rig_config(const char *name)
{
    assert_int_equal(scene_open(&rig_scene, name), 0);
    return (struct dashboard_config){ .host = "127.0.0.1", .token = RIG_TOKEN, .source = scene_source(&rig_scene) };
}

void rig_begin(const struct dashboard_config *config)
{
    struct fault fault = FAULT_NONE;
    support_check(dashboard_start(config, &rig_dashboard, &fault), &fault);
    rig_port = dashboard_port(rig_dashboard);
}

int rig_begin_scene(const char *name)
{
    struct dashboard_config config = rig_config(name);
    rig_begin(&config);
    return 0;
}

int rig_busy(void **state)
{
    (void)state;
    return rig_begin_scene("busy");
}

int rig_hostile(void **state)
{
    (void)state;
    return rig_begin_scene("hostile");
}

int rig_end(void **state)
{
    (void)state;
    scene_hang(&rig_scene, 0);
    dashboard_stop(rig_dashboard);
    rig_dashboard = NULL;
    scene_close(&rig_scene);
    return 0;
}

void rig_get(const char *path, const char *headers)
{
    char line[400];
    (void)snprintf(line, sizeof line, "GET %s", path);
    client_ask(rig_port, line, headers, NULL, &rig_answer);
}

json_t *rig_json(void)
{
    json_t *root = json_loads(client_body(&rig_answer), 0, NULL);
    assert_non_null(root);
    return root;
}

json_int_t rig_version_told(void)
{
    json_t *root = rig_json();
    json_int_t version = json_integer_value(json_object_get(root, "version"));
    json_decref(root);
    return version;
}

json_int_t rig_version(void)
{
    rig_get("/api/line", RIG_BEARER);
    return rig_version_told();
}
