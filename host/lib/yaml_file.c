/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_file: loading (yaml_file.h). A first pass over the events refuses what a document tree no longer shows; the
 * second builds the tree. */
#include "host/lib/yaml_file.h"

#include <stdio.h>
#include <string.h>

static size_t line_of_offset(struct bytes text, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < text.len && i < offset; i++) {
        line += text.data[i] == '\n';
    }
    return line;
}

/* The reader's errors (encoding) know an offset only, the others a place. */
static int file_parser_fault(const char *name, const yaml_parser_t *parser, struct bytes text, struct fault *fault)
{
    const char *problem = parser->problem != NULL ? parser->problem : "cannot be read";
    if (parser->error == YAML_READER_ERROR) {
        (void)fault_set(fault, "%s:%zu: not UTF-8 text: %s", name, line_of_offset(text, parser->problem_offset),
                        problem);
        return fault_hint(fault, "save the file as UTF-8, without control characters");
    }
    (void)fault_set(fault, "%s:%zu: not YAML: %s%s%s", name, (size_t)parser->problem_mark.line + 1, problem,
                    parser->context != NULL ? ", " : "", parser->context != NULL ? parser->context : "");
    return fault_hint(fault, "check indentation, quotes and brackets at that line and just before it");
}

static int event_refuse(const char *name, const yaml_event_t *event, const char *what, struct fault *fault)
{
    (void)fault_set(fault, "%s:%zu: %s", name, (size_t)event->start_mark.line + 1, what);
    return fault_hint(fault, "write each value in full, in plain YAML");
}

static const char *event_wrong(const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return "an alias (*name) is not allowed";
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        break;
    default:
        break;
    }
    if (anchor != NULL) {
        return "an anchor (&name) is not allowed";
    }
    return tag != NULL ? "a tag (!name) is not allowed" : NULL;
}

/* How far the scan has come. */
struct scan {
    const char *name;
    int depth;
    int documents;
};

static int scan_event(struct scan *scan, const yaml_event_t *event, struct fault *fault)
{
    const char *wrong = event_wrong(event);
    switch (event->type) {
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        if (++scan->depth > YAML_DEPTH_MAX) {
            wrong = "nested too deep";
        }
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        scan->depth--;
        break;
    case YAML_DOCUMENT_START_EVENT:
        if (++scan->documents > 1) {
            wrong = "a second document in the file";
        }
        break;
    default:
        break;
    }
    return wrong == NULL ? 0 : event_refuse(scan->name, event, wrong, fault);
}

static void parser_start(yaml_parser_t *parser, struct bytes text)
{
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, text.data, text.len);
}

static int file_scan(const char *name, struct bytes text, struct fault *fault)
{
    yaml_parser_t parser;
    struct scan scan = { name, 0, 0 };
    int result = 0;
    int more = 1;
    if (yaml_parser_initialize(&parser) != 1) {
        return fault_set(fault, "%s: no memory", name);
    }
    parser_start(&parser, text);
    while (result == 0 && more) {
        yaml_event_t event;
        if (yaml_parser_parse(&parser, &event) != 1) {
            result = file_parser_fault(name, &parser, text, fault);
            break;
        }
        result = scan_event(&scan, &event, fault);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return result;
}

static int file_tree(const char *name, struct bytes text, struct yaml_file *out, struct fault *fault)
{
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) != 1) {
        return fault_set(fault, "%s: no memory", name);
    }
    parser_start(&parser, text);
    int result = 0;
    if (yaml_parser_load(&parser, &out->document) != 1) {
        result = file_parser_fault(name, &parser, text, fault);
    }
    yaml_parser_delete(&parser);
    return result;
}

int yaml_file_load(const char *name, struct bytes text, struct yaml_file *out, struct yaml_map *root,
                   struct fault *fault)
{
    memset(out, 0, sizeof *out);
    out->name = name;
    if (text.len > YAML_FILE_MAX) {
        (void)fault_set(fault, "%s:1: %zu bytes; at most %d are allowed", name, text.len, YAML_FILE_MAX);
        return fault_hint(fault, "is this the right file?");
    }
    if (file_scan(name, text, fault) != 0 || file_tree(name, text, out, fault) != 0) {
        return -1;
    }
    *root = (struct yaml_map){ out, yaml_document_get_root_node(&out->document), "" };
    if (root->node == NULL || root->node->type != YAML_MAPPING_NODE) {
        size_t line = root->node == NULL ? 1 : (size_t)root->node->start_mark.line + 1;
        (void)fault_set(fault, "%s:%zu: %s", name, line, root->node == NULL ? "empty" : "no 'key: value' lines");
        (void)fault_hint(fault, "'windlass init' writes an example");
        yaml_file_free(out);
        return -1;
    }
    return 0;
}

void yaml_file_free(struct yaml_file *file)
{
    yaml_document_delete(&file->document);
    memset(file, 0, sizeof *file);
}
