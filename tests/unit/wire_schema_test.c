/* The promises about the schema that decoding and JSON rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/schema/act.pb-c.h"
#include "proto/schema/entry.pb-c.h"
#include "proto/schema/blob.pb-c.h"
#include "proto/schema/line.pb-c.h"
#include "proto/schema/local.pb-c.h"
#include "proto/wire/convert.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define TYPES_MAX 512

static const ProtobufCMessageDescriptor *types[TYPES_MAX];
static unsigned depths[TYPES_MAX]; /* levels below and with it */
static size_t type_count;

static size_t type_index(const ProtobufCMessageDescriptor *type)
{
    size_t i = 0;

    while (i < type_count && types[i] != type)
        i++;
    if (i == type_count) {
        assert_true(type_count < TYPES_MAX);
        types[type_count++] = type;
    }
    return i;
}

static void collect_types(void)
{
    const ProtobufCMessageDescriptor *const roots[] = {
        &jb__act__descriptor,         &jb__entry__descriptor,         &jb__submission__descriptor,
        &jb__hello__descriptor,       &jb__stream_item__descriptor,   &jb__petitioners__descriptor,
        &jb__welcome__descriptor,     &jb__submit__descriptor,        &jb__deliver__descriptor,
        &jb__ack__descriptor,         &jb__beat__descriptor,          &jb__resume__descriptor,
        &jb__reject__descriptor,      &jb__copy_want__descriptor,     &jb__copy__descriptor,
        &jb__copy_done__descriptor,   &jb__bye__descriptor,           &jb__request__descriptor,
        &jb__reply__descriptor,       &jb__blob_manifest__descriptor, &jb__blob_offer__descriptor,
        &jb__blob_range__descriptor,  &jb__blob_want__descriptor,     &jb__blob_chunk__descriptor,
        &jb__blob_have__descriptor,   &jb__blob_gone__descriptor,     &jb__put_blob__descriptor,
        &jb__get_blob__descriptor,    &jb__blob_part__descriptor,     &jb__attach_label__descriptor,
        &jb__former_item__descriptor,
    };

    type_count = 0;
    for (size_t i = 0; i < COUNT(roots); i++)
        type_index(roots[i]);
    for (size_t i = 0; i < type_count; i++) {
        for (unsigned f = 0; f < types[i]->n_fields; f++) {
            if (types[i]->fields[f].type == PROTOBUF_C_TYPE_MESSAGE)
                type_index(types[i]->fields[f].descriptor);
        }
    }
}

/* The deepest message that this one holds, itself counted. */
static unsigned depth_of(const ProtobufCMessageDescriptor *type)
{
    unsigned depth = 1;

    for (unsigned f = 0; f < type->n_fields; f++) {
        const ProtobufCFieldDescriptor *field = &type->fields[f];

        if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
            depths[type_index(field->descriptor)] >= depth)
            depth = depths[type_index(field->descriptor)] + 1;
    }
    return depth;
}

/* Each round settles one more level. With a message that contains itself they would never settle.
 */
static void no_message_contains_itself_or_is_too_deep(void **state)
{
    bool changed = true;

    (void)state;
    collect_types();
    assert_true(type_count > 100);
    memset(depths, 0, sizeof depths);
    for (int round = 0; changed; round++) {
        assert_true(round <= JB_BOUNDS_DEPTH);
        changed = false;
        for (size_t i = 0; i < type_count; i++) {
            unsigned depth = depth_of(types[i]);

            changed = changed || depth != depths[i];
            depths[i] = depth;
            if (depth > JB_BOUNDS_DEPTH)
                fail_msg("%s is too deep or contains itself", types[i]->short_name);
        }
    }
}

static bool is_collected(const char *name)
{
    for (size_t i = 0; i < type_count; i++)
        if (strcmp(types[i]->short_name, name) == 0)
            return true;
    return false;
}

/* Every `message NAME {` of one file, nested ones too. */
static size_t messages_of(const char *path)
{
    char line[512];
    char name[128];
    size_t count = 0;
    FILE *in = fopen(path, "re");

    assert_non_null(in);
    while (fgets(line, sizeof line, in) != NULL) {
        if (sscanf(line, " message %127[A-Za-z0-9_] {", name) != 1)
            continue;
        count++;
        if (!is_collected(name))
            fail_msg("%s: %s is not reached by this test: add it to the roots", path, name);
    }
    assert_int_equal(fclose(in), 0);
    return count;
}

/* What is promised of "every message" is promised of those that nobody reaches yet, too. */
static void every_message_of_every_file_is_looked_at(void **state)
{
    static const char folder[] = "proto/schema";
    char path[300];
    size_t files = 0;
    size_t messages = 0;
    DIR *dir = opendir(folder);

    (void)state;
    collect_types();
    assert_non_null(dir);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        size_t len = strlen(e->d_name);
        if (len < 6 || strcmp(e->d_name + len - 6, ".proto") != 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        messages += messages_of(path);
        files++;
    }
    assert_int_equal(closedir(dir), 0);
    assert_true(files >= 5);
    assert_int_equal(messages, type_count);
}

static void check_field_type(const ProtobufCMessageDescriptor *type,
                             const ProtobufCFieldDescriptor *field)
{
    static const ProtobufCType used[] = {PROTOBUF_C_TYPE_UINT32, PROTOBUF_C_TYPE_UINT64,
                                         PROTOBUF_C_TYPE_INT64,  PROTOBUF_C_TYPE_BOOL,
                                         PROTOBUF_C_TYPE_ENUM,   PROTOBUF_C_TYPE_STRING,
                                         PROTOBUF_C_TYPE_BYTES,  PROTOBUF_C_TYPE_MESSAGE};
    bool known = false;

    for (size_t i = 0; i < COUNT(used); i++)
        known = known || used[i] == field->type;
    if (!known || field->label == PROTOBUF_C_LABEL_REQUIRED)
        fail_msg("%s.%s is of a type or label that wire does not support", type->short_name,
                 field->name);
    if (field->type == PROTOBUF_C_TYPE_ENUM) {
        const ProtobufCEnumDescriptor *names = field->descriptor;

        assert_true(names->n_values > 1 && names->values[0].value == 1); /* 0: not given */
    }
}

static void every_message_is_of_the_supported_kind(void **state)
{
    (void)state;
    collect_types();
    for (size_t i = 0; i < type_count; i++) {
        unsigned oneof = 0; /* offset of the case member */

        assert_true(types[i]->n_fields <= JB_BOUNDS_FIELDS);
        for (unsigned f = 0; f < types[i]->n_fields; f++) {
            const ProtobufCFieldDescriptor *field = &types[i]->fields[f];

            check_field_type(types[i], field);
            if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
                continue;
            if (oneof != 0 && oneof != field->quantifier_offset)
                fail_msg("%s has two oneofs", types[i]->short_name);
            oneof = field->quantifier_offset;
        }
    }
}

static void bodies_of_acts_fit_plans_and_json(void **state)
{
    const ProtobufCMessageDescriptor *act = &jb__act__descriptor;
    static const char *const taken[] = {"kind", "case_no", "custody"};

    (void)state;
    for (unsigned i = 0; i < act->n_fields; i++) {
        const ProtobufCMessageDescriptor *body = act->fields[i].descriptor;

        if (act->fields[i].type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        assert_true(body->n_fields <= JB_PLAN_FIELDS);
        for (size_t t = 0; t < COUNT(taken); t++)
            assert_null(protobuf_c_message_descriptor_get_field_by_name(body, taken[t]));
    }
    for (unsigned i = 0; i < jb__effect__descriptor.n_fields; i++) {
        const ProtobufCMessageDescriptor *body = jb__effect__descriptor.fields[i].descriptor;

        assert_true(body->n_fields <= JB_PLAN_FIELDS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_message_contains_itself_or_is_too_deep),
        cmocka_unit_test(every_message_of_every_file_is_looked_at),
        cmocka_unit_test(every_message_is_of_the_supported_kind),
        cmocka_unit_test(bodies_of_acts_fit_plans_and_json),
    };
    return cmocka_run_group_tests_name("wire_schema", tests, NULL, NULL);
}
