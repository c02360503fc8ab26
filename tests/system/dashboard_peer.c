/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dashboard_peer SCENE [PORT]: serves the dashboard from a scripted source (dashboard_scene.h), for the browser's tests
 * and for people to look at. Prints the address and the token. Lines on its standard input change the scene:
 * `fail REASON`, `fault TEXT`, `heal`, `hang`; its end ends the program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/system/dashboard_scene.h"

#define TOKEN "0123456789abcdef0123456789abcdef"

static void command_run(struct scene *scene, char *text)
{
    text[strcspn(text, "\n")] = '\0';
    if (strncmp(text, "fail ", 5) == 0) {
        scene_fail(scene, text + 5);
    } else if (strncmp(text, "fault ", 6) == 0) {
        scene_fault(scene, text + 6);
    } else if (strcmp(text, "hang") == 0) {
        scene_hang(scene, 1);
    } else {
        scene_fault(scene, "");
        scene_hang(scene, 0);
    }
}

int main(int argc, char **argv)
{
    static struct scene scene;
    struct fault fault = FAULT_NONE;
    struct dashboard *dashboard = NULL;
    char text[300];
    if (argc < 2 || scene_open(&scene, argv[1]) != 0) {
        (void)fprintf(stderr, "usage: dashboard_peer empty|busy|spent|damaged|hostile|full [PORT]\n");
        return 2;
    }
    struct dashboard_config config = { .host = "127.0.0.1", .token = TOKEN, .source = scene_source(&scene) };
    config.port = argc > 2 ? (uint16_t)atoi(argv[2]) : 0;
    if (dashboard_start(&config, &dashboard, &fault) != 0) {
        (void)fprintf(stderr, "dashboard_peer: error: %s\nhint: %s\n", fault.what, fault.hint);
        return 1;
    }
    (void)printf("http://127.0.0.1:%u/ %s\n", dashboard_port(dashboard), TOKEN);
    (void)fflush(stdout);
    while (fgets(text, sizeof text, stdin) != NULL) {
        command_run(&scene, text);
    }
    scene_hang(&scene, 0);
    dashboard_stop(dashboard);
    scene_close(&scene);
    return 0;
}
