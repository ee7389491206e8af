#include "typing.h"

#include "../graph/types.h"
#include "../mem.h"
#include "../symbols/container.h"
#include "../symbols/type_name.h"
#include "naming.h"

#include <inttypes.h>
#include <string.h>

void typing_deinit(struct typing *t)
{
        table_free(&t->places);
        mem_free(t->known);
        table_free(&t->made_places);
        mem_free(t->made);
}

/* ---- classes ------------------------------------------------------------------ */

static const char *class_at(struct typing *t, const struct finding_place *vtable)
{
        struct symbol_module *module = vtable->module ? name_module_at(t->symbols, t->process, vtable->module) : NULL;

        return module ? symbols_class(t->symbols, module, vtable->address) : NULL;
}

/* A name that mem_format made, short, in the report's memory. */
static int take_short(struct typing *t, char *name, const char **to)
{
        if (!name)
                return -1;
        name_shorten(name);
        *to = report_string(t->report, name);
        mem_free(name);
        return *to ? 0 : -1;
}

static int name_class(struct typing *t, const char *class_name, const char **type)
{
        struct type_control control;

        if (!type_control_of(class_name, &control))
                return take_short(t, mem_string(class_name), type);
        return take_short(t,
                          mem_format("%s<%.*s> (%s)", control.pointer, (int)control.object_length, control.object,
                                     control.inplace ? "object, counts" : "counts"),
                          type);
}

/* ---- blocks -------------------------------------------------------------------- */

/* The functions that asked for the blocks, innermost first, as far as they may
 * be a container's. */
struct asking {
        struct container_frame frames[CONTAINER_FRAMES];
        struct symbol_type places[CONTAINER_FRAMES];
        size_t count;
        bool blank; /* they got memory that holds nothing of before, or that a constructor fills */
};

static int add_frames(struct typing *t, const struct process_frame *from, struct asking *asking)
{
        const struct process_module *module = from->module ? process_module(t->process, from->module) : NULL;
        struct symbol_module *handle = module ? name_module(t->symbols, t->process, module) : NULL;
        uint64_t address = module ? from->pc - module->bias : from->pc;
        const struct symbol_frame *found;
        size_t count;

        if ((module && !handle) || symbols_frames(t->symbols, handle, address, from->exact, &found, &count, NULL))
                return -1;
        for (size_t i = 0; i < count && asking->count < CONTAINER_FRAMES; i++) {
                asking->places[asking->count] = (struct symbol_type){
                        .module = handle, .address = address, .exact = from->exact, .what = SYMBOL_ARGUMENT, .frame = i
                };
                asking->frames[asking->count++] =
                        (struct container_frame){ .function = found[i].function, .debugged = found[i].file != NULL };
        }
        return 0;
}

static bool may_be_container(const struct asking *asking)
{
        const struct container_frame *last = asking->count ? &asking->frames[asking->count - 1] : NULL;

        return !last || (last->function && (strstr(last->function, "std::") || strstr(last->function, "__gnu_cxx::") ||
                                            !strncmp(last->function, "operator new", 12)));
}

/* What malloc and operator new[] return may still hold the vtable of an object
 * that was there before. */
static bool is_blank(enum weir_function function, const struct asking *asking)
{
        if (function == WEIR_FN_NEW || function == WEIR_FN_CALLOC || function == WEIR_FN_MMAP)
                return true;
        for (size_t i = 0; i < asking->count; i++) /* of the program's own, or of a library it is linked with */
                if (asking->frames[i].function && strstr(asking->frames[i].function, "operator new("))
                        return true;
        return false;
}

static int ask(struct typing *t, uint32_t stack, struct asking *asking)
{
        struct process_stack raw;
        int status = 0;

        asking->count = 0;
        asking->blank = true;
        if (!stack)
                return 0;
        if (process_stack(t->process, stack, &raw, NULL))
                return -1;
        for (size_t i = 0; i < raw.count && !status && asking->count < CONTAINER_FRAMES && may_be_container(asking);
             i++)
                status = add_frames(t, &raw.frames[i], asking);
        asking->blank = is_blank(raw.function, asking);
        mem_free(raw.frames);
        return status;
}

/* By the functions. */
static int know_part(struct typing *t, const struct asking *asking, struct typing_known *known)
{
        struct container_part part;

        if (container_part_of(asking->frames, asking->count, &part))
                return -1;
        known->array = part.array;
        known->pointers = part.pointers;
        if (part.frame < asking->count)
                known->layout = asking->places[part.frame];
        return part.type ? take_short(t, part.type, &known->type) : 0;
}

/* By the class.  Of a control block that says more than the functions do. */
static int know_class(struct typing *t, struct typing_known *known)
{
        const char *class_name = class_at(t, &known->vtable);
        struct type_control control;

        if (!class_name || (known->type && !type_control_of(class_name, &control)))
                return 0;
        known->array = known->pointers = false;
        known->layout = (struct symbol_type){ .module = name_module_at(t->symbols, t->process, known->vtable.module),
                                              .address = known->vtable.address };
        return name_class(t, class_name, &known->type);
}

/* By the control block that counts the pointers to it. */
static int know_counted(struct typing *t, struct typing_known *known)
{
        const char *class_name = class_at(t, &known->control);
        struct type_control control;

        if (known->type || !class_name || !type_control_of(class_name, &control) || control.inplace)
                return 0;
        known->layout = (struct symbol_type){ .what = SYMBOL_COUNTED,
                                              .module = name_module_at(t->symbols, t->process, known->control.module),
                                              .address = known->control.address };
        return take_short(t, mem_format("%.*s", (int)control.object_length, control.object), &known->type);
}

static int know(struct typing *t, struct typing_known *known)
{
        struct asking asking;

        if (ask(t, known->stack, &asking) || know_part(t, &asking, known) || (asking.blank && know_class(t, known)) ||
            know_counted(t, known))
                return -1;
        if (known->layout.module)
                known->layout_size = symbols_type_size(t->symbols, &known->layout);
        if (!known->layout_size)
                known->layout.module = NULL;
        return 0;
}

static bool is_place(const struct finding_place *a, const struct finding_place *b)
{
        if (!a->module || !b->module)
                return a->module == b->module;
        return a->address == b->address && !strcmp(a->module, b->module);
}

static bool is_known(const struct typing *t, const struct typing_known *known, const struct finding_block *block)
{
        return known->process == t->process && known->stack == block->stack &&
               is_place(&known->vtable, &block->vtable) && is_place(&known->control, &block->control);
}

/* What is known of the block; NULL without memory. */
static const struct typing_known *look_up(struct typing *t, const struct finding_block *block)
{
        uint64_t key = hash_mix(hash_mix((uint64_t)(uintptr_t)t->process, block->stack), block->vtable.address);

        for (;; key++) {
                bool fresh;
                uint64_t *slot = table_put(&t->places, key, &fresh);

                if (!slot)
                        return NULL;
                if (!fresh && *slot < t->count && is_known(t, &t->known[*slot], block))
                        return &t->known[*slot];
                if (!fresh)
                        continue;
                if (mem_grow(&t->known, &t->capacity, t->count + 1, sizeof *t->known))
                        return NULL;
                t->known[t->count] = (struct typing_known){
                        .process = t->process, .stack = block->stack, .vtable = block->vtable, .control = block->control
                };
                if (know(t, &t->known[t->count]))
                        return NULL;
                *slot = t->count;
                return &t->known[t->count++];
        }
}

int typing_block(struct typing *t, const struct finding_block *block, const char **type)
{
        const struct typing_known *known = look_up(t, block);

        *type = known ? known->type : NULL;
        return known ? 0 : -1;
}

/* ---- what it most likely is ------------------------------------------------------- */

/* Has the program's own function, not a library's, asked for it? */
static bool is_own(const char *function)
{
        struct name_part name = { "", 0 };

        if (function)
                name = name_of_function(function);
        return name.length && !name_begins(name, "std::") && !name_begins(name, "__gnu_cxx::") &&
               !name_begins(name, "operator new");
}

/* Asks the functions of one frame; `*ends` unless one farther out may know. */
static int ask_frame(struct typing *t, const struct process_frame *from, struct typing_made *made, bool *ends)
{
        struct asking asking = { .count = 0 };

        if (add_frames(t, from, &asking))
                return -1;
        *ends = !asking.count;
        for (size_t i = 0; i < asking.count && !*ends; i++) {
                bool for_others = false;

                *ends = true;
                if (!is_own(asking.frames[i].function))
                        break;
                made->layout = asking.places[i];
                made->layout.what = SYMBOL_MADE;
                made->layout.size = made->size;
                made->type = symbols_made(t->symbols, &made->layout, &for_others);
                *ends = made->type || !for_others;
        }
        return 0;
}

static int know_made(struct typing *t, struct typing_made *made)
{
        struct process_stack raw;
        bool ends = false;
        int status = 0;

        if (!made->stack || !made->size)
                return 0;
        if (process_stack(t->process, made->stack, &raw, NULL))
                return -1;
        for (size_t i = 0; i < raw.count && !status && !ends; i++)
                status = ask_frame(t, &raw.frames[i], made, &ends);
        mem_free(raw.frames);
        if (!status && made->type && !(made->type = report_string(t->report, made->type)))
                status = -1;
        return status;
}

/* NULL without memory. */
static const struct typing_made *look_up_made(struct typing *t, const struct finding_block *block)
{
        uint64_t key = hash_mix(hash_mix((uint64_t)(uintptr_t)t->process, block->stack), block->size);

        for (;; key++) {
                struct typing_made *made;
                bool fresh;
                uint64_t *slot = table_put(&t->made_places, key, &fresh);

                if (!slot)
                        return NULL;
                made = *slot < t->made_count ? &t->made[*slot] : NULL;
                if (!fresh && made && made->process == t->process && made->stack == block->stack &&
                    made->size == block->size)
                        return made;
                if (!fresh)
                        continue;
                if (mem_grow(&t->made, &t->made_capacity, t->made_count + 1, sizeof *t->made))
                        return NULL;
                made = &t->made[t->made_count];
                *made = (struct typing_made){ .process = t->process, .stack = block->stack, .size = block->size };
                if (know_made(t, made))
                        return NULL;
                *slot = t->made_count++;
                return made;
        }
}

int typing_likely(struct typing *t, const struct finding_block *block, const char **type)
{
        const struct typing_known *known = look_up(t, block);
        const struct typing_made *made = NULL;

        *type = NULL;
        if (!known)
                return -1;
        if (!known->type) {
                made = look_up_made(t, block);
                if (!made)
                        return -1;
                *type = made->type;
        }
        return 0;
}

/* ---- members -------------------------------------------------------------------- */

/* What is known to be at an offset of a block; NULL = nothing. */
static const struct symbol_type *layout_at(struct typing *t, const struct typing_known *known,
                                           const struct finding_block *block, uint64_t offset, bool *array)
{
        const struct typing_made *made;

        *array = known->type && known->array;
        if (known->type) {
                if (!known->layout.module || block->size < known->layout_size ||
                    (known->array ? block->size % known->layout_size : offset >= known->layout_size))
                        return NULL;
                return &known->layout;
        }
        made = look_up_made(t, block);
        return made && made->type ? &made->layout : NULL;
}

/* The member at an offset; path NULL = unknown. */
static struct symbol_field field_at(struct typing *t, const struct typing_known *known,
                                    const struct finding_block *block, uint64_t offset)
{
        struct symbol_field field = { 0 };
        bool array;
        const struct symbol_type *layout = layout_at(t, known, block, offset, &array);

        if (layout)
                (void)symbols_field(t->symbols, layout, array, offset, &field);
        return field;
}

static int name_field(struct typing *t, const struct typing_known *known, const struct symbol_field *field,
                      uint64_t offset, const char **to)
{
        *to = NULL;
        if (field->path)
                *to = report_string(t->report, field->path);
        else if (known->pointers && known->array && offset % 8 == 0)
                *to = report_format(t->report, "[%" PRIu64 "]", offset / 8);
        else
                return 0;
        return *to ? 0 : -1;
}

int typing_field(struct typing *t, const struct finding_block *block, uint64_t offset, const char **to)
{
        const struct typing_known *known = look_up(t, block);
        struct typing_known here;
        struct symbol_field field;

        if (!known)
                return -1;
        here = *known;
        field = field_at(t, &here, block, offset);
        return name_field(t, &here, &field, offset, to);
}

int typing_pointed(struct typing *t, const struct finding_block *block, uint64_t offset, uint64_t size,
                   const char **type)
{
        const struct typing_known *known = look_up(t, block);
        const struct symbol_type *layout;
        bool array;

        *type = NULL;
        if (!known)
                return -1;
        layout = layout_at(t, known, block, offset, &array);
        if (layout)
                *type = symbols_pointed(t->symbols, layout, array, offset, size);
        return *type && !(*type = report_string(t->report, *type)) ? -1 : 0;
}

int typing_global(struct typing *t, const struct finding_place *word, uint64_t size, const char **type)
{
        struct symbol_type layout = { .what = SYMBOL_VARIABLE };
        struct symbol_variable variable;

        *type = NULL;
        layout.module = name_module_at(t->symbols, t->process, word->module);
        if (!layout.module)
                return -1;
        if (!symbols_variable(t->symbols, layout.module, word->address, &variable))
                return 0;
        layout.address = word->address - variable.offset;
        *type = symbols_pointed(t->symbols, &layout, false, variable.offset, size);
        return *type && !(*type = report_string(t->report, *type)) ? -1 : 0;
}

/* ---- steps of cycles -------------------------------------------------------------- */

static bool is_weak(const struct symbol_field *field)
{
        return field->type && strstr(field->type, "weak_ptr<");
}

/* What to do with a shared pointer at `offset` of an object of class `owner`. */
static int advise(struct typing *t, const struct type_control *control, const char *owner, uint64_t offset,
                  struct report_step *to)
{
        int library = (int)(strstr(control->pointer, "shared_ptr") - control->pointer);

        if (owner && to->field)
                to->advice = report_format(t->report, "make %s::%s a %.*sweak_ptr", owner, to->field, library,
                                           control->pointer);
        else
                to->advice = report_format(t->report, "make the %s at +%" PRIu64 " of %s a %.*sweak_ptr", to->pointer,
                                           offset, owner ? owner : "the block", library, control->pointer);
        return to->advice ? 0 : -1;
}

/* The class of the object in a block, and where it begins: of a control block
 * the object with it. */
static int owner_of(struct typing *t, const struct finding_block *block, const struct typing_known *known,
                    const char **owner, uint64_t *start)
{
        const char *class_name = class_at(t, &block->vtable);
        struct type_control control;

        *owner = known->type;
        *start = 0;
        if (!class_name || !type_control_of(class_name, &control) || !control.inplace)
                return 0;
        *start = control.object_offset;
        return take_short(t, mem_format("%.*s", (int)control.object_length, control.object), owner);
}

/* The shared pointer that the step's pointer is half of. */
static int count_step(struct typing *t, const struct finding_step *from, const struct typing_known *known,
                      struct report_step *to)
{
        const char *class_name = class_at(t, &from->counted), *owner;
        struct symbol_field field = field_at(t, known, &from->block, from->member);
        struct type_control control;
        uint64_t start;

        if (!class_name || !type_control_of(class_name, &control))
                return 0;
        if (field.type && strstr(field.type, "_ptr<"))
                to->pointer = report_string(t->report, field.type);
        else if (take_short(t, mem_format("%s<%.*s>", control.pointer, (int)control.object_length, control.object),
                            &to->pointer))
                return -1;
        if (!to->pointer || owner_of(t, &from->block, known, &owner, &start))
                return -1;
        if (from->cut == CUT_UNKNOWN || is_weak(&field) || from->member < start)
                return 0;
        return advise(t, &control, owner, from->member - start, to);
}

int typing_step(struct typing *t, const struct finding_step *from, struct report_step *to)
{
        const struct typing_known *known = look_up(t, &from->block);
        struct typing_known here;
        struct symbol_field field;

        if (!known)
                return -1;
        here = *known; /* looking up others moves them */
        field = field_at(t, &here, &from->block, from->offset);
        to->size = from->block.size;
        to->offset = from->offset;
        to->type = here.type;
        if (typing_likely(t, &from->block, &to->likely_type))
                return -1;
        to->member = from->member;
        to->cut = from->cut;
        to->alike = from->alike;
        to->alike_total = from->alike_total;
        if (name_field(t, &here, &field, from->offset, &to->field))
                return -1;
        return from->counted.module ? count_step(t, from, &here, to) : 0;
}
