/* SPDX-License-Identifier: Apache-2.0 */
/* dashboard_rig: what the dashboard's tests share: one that serves a scene, and the last answer that it gave. */
#ifndef TESTS_UNIT_DASHBOARD_RIG_H
#define TESTS_UNIT_DASHBOARD_RIG_H

#include <jansson.h>

#include "tests/system/dashboard_scene.h"
#include "tests/unit/dashboard_client.h"

#define RIG_TOKEN "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"
#define RIG_BEARER "Authorization: Bearer " RIG_TOKEN "\r\n"

extern struct scene rig_scene;
extern struct dashboard *rig_dashboard;
extern uint16_t rig_port;
extern struct answer rig_answer;

/* Opens the scene; plain HTTP at a free port of 127.0.0.1. */
struct dashboard_config rig_config(const char *name);
void rig_begin(const struct dashboard_config *config);
int rig_begin_scene(const char *name);
/* For cmocka: begins the scene of that name; ends all. */
int rig_busy(void **state);
int rig_hostile(void **state);
int rig_end(void **state);

#define RIG_HELD_UP_MS 10000 /* who waited so long, waited for others */

/* GET `path` with these headers: rig_answer. */
void rig_get(const char *path, const char *headers);
/* Its body, which is JSON; the caller frees. */
json_t *rig_json(void);
/* Version of the line in rig_answer. */
json_int_t rig_version_told(void);
/* The line's version now; rig_answer is the line. */
json_int_t rig_version(void);

#endif
