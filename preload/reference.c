#include "reference.h"

#include <dlfcn.h>
#include <libunwind.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include "channel.h"
#include "memory.h"
#include "raw.h"

/* Frames of the shim itself that may lie between a hook's caller and us. */
enum { INNER_MOST = 64 };

struct walk {
        uintptr_t registers[ARCH_REGISTERS];
        struct window window;
};

static struct {
        unw_addr_space_t (*create)(unw_accessors_t *, int);
        int (*set_caching_policy)(unw_addr_space_t, unw_caching_policy_t);
        int (*init_remote)(unw_cursor_t *, unw_addr_space_t, void *);
        int (*step)(unw_cursor_t *);
        int (*get_reg)(unw_cursor_t *, int, unw_word_t *);
        int (*is_signal_frame)(unw_cursor_t *);
        int (*search_table)(unw_addr_space_t, unw_word_t, unw_dyn_info_t *, unw_proc_info_t *, int, void *);
        unw_addr_space_t space;
        bool usable;
        /* Threads inside libunwind, and so perhaps inside one of its locks.
         * A fork child inherits the number as it was. */
        _Atomic uint32_t users;
} library;

/* ---- what libunwind asks ----------------------------------------------- */

static int find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *info, int need, void *context)
{
        struct dl_find_object object;
        unw_dyn_info_t table;
        uint8_t head[12];

        if (_dl_find_object((void *)ip, &object) != 0 || !object.dlfo_eh_frame)
                return -UNW_ENOINFO;
        /* version 1; pointer to .eh_frame pc-relative in 4 bytes; count in 4
         * bytes; table of 4-byte pairs relative to the header */
        memcpy(head, object.dlfo_eh_frame, sizeof head);
        if (head[0] != 1 || head[1] != 0x1b || head[2] != 0x03 || head[3] != 0x3b)
                return -UNW_ENOINFO;
        memset(&table, 0, sizeof table);
        table.format = UNW_INFO_FORMAT_REMOTE_TABLE;
        table.start_ip = (unw_word_t)object.dlfo_map_start;
        table.end_ip = (unw_word_t)object.dlfo_map_end;
        table.u.rti.segbase = (unw_word_t)object.dlfo_eh_frame;
        table.u.rti.table_data = (unw_word_t)object.dlfo_eh_frame + sizeof head;
        /* rows of 8 bytes, counted in words of 8 bytes */
        memcpy(&table.u.rti.table_len, head + 8, 4);
        return library.search_table(space, ip, &table, info, need, context);
}

static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *context)
{
        (void)space, (void)info, (void)context;
}

static int get_dyn_info_list_addr(unw_addr_space_t space, unw_word_t *address, void *context)
{
        (void)space, (void)address, (void)context;
        return -UNW_ENOINFO;
}

static int access_mem(unw_addr_space_t space, unw_word_t address, unw_word_t *value, int write, void *context)
{
        struct walk *walk = context;
        uintptr_t word;

        (void)space;
        if (write || !memory_word(&walk->window, address, &word))
                return -UNW_EINVAL;
        *value = word;
        return 0;
}

static int access_reg(unw_addr_space_t space, unw_regnum_t reg, unw_word_t *value, int write, void *context)
{
        struct walk *walk = context;

        (void)space;
        if (write || reg < 0 || reg >= ARCH_REGISTERS)
                return -UNW_EBADREG;
        *value = walk->registers[reg];
        return 0;
}

static int access_fpreg(unw_addr_space_t space, unw_regnum_t reg, unw_fpreg_t *value, int write, void *context)
{
        (void)space, (void)reg, (void)value, (void)write, (void)context;
        return -UNW_EBADREG;
}

static int resume(unw_addr_space_t space, unw_cursor_t *cursor, void *context)
{
        (void)space, (void)cursor, (void)context;
        return -UNW_EINVAL;
}

static int get_proc_name(unw_addr_space_t space, unw_word_t address, char *name, size_t size, unw_word_t *offset,
                         void *context)
{
        (void)space, (void)address, (void)name, (void)size, (void)offset, (void)context;
        return -UNW_ENOINFO;
}

/* ---- loading ----------------------------------------------------------- */

static bool symbol(void *handle, const char *name, void *slot)
{
        void *address = dlsym(handle, name);

        memcpy(slot, &address, sizeof address);
        return address != NULL;
}

static bool symbols(void *handle)
{
        return symbol(handle, ARCH_LIBUNWIND_PREFIX "create_addr_space", &library.create) &&
               symbol(handle, ARCH_LIBUNWIND_PREFIX "set_caching_policy", &library.set_caching_policy) &&
               symbol(handle, ARCH_LIBUNWIND_PREFIX "init_remote", &library.init_remote) &&
               symbol(handle, ARCH_LIBUNWIND_PREFIX "step", &library.step) && symbol(handle, ARCH_LIBUNWIND_PREFIX "get_reg", &library.get_reg) &&
               symbol(handle, ARCH_LIBUNWIND_PREFIX "is_signal_frame", &library.is_signal_frame) &&
               symbol(handle, ARCH_LIBUNWIND_PREFIX "dwarf_search_unwind_table", &library.search_table);
}

static bool is_pipe(long descriptor, ino_t *inode)
{
        struct stat status;

        if (fstat((int)descriptor, &status) != 0 || !S_ISFIFO(status.st_mode))
                return false;
        *inode = status.st_ino;
        return true;
}

static bool visit_nothing(void *context, uintptr_t pc, uint16_t flags)
{
        (void)context, (void)pc, (void)flags;
        return true;
}

/* The two lowest free descriptors: those that the next pipe gets. */
static void free_descriptors(long ends[2])
{
        ends[0] = raw_openat("/", O_PATH);
        ends[1] = raw_openat("/", O_PATH);
        for (int i = 0; i < 2; i++)
                if (ends[i] >= 0)
                        raw_close(ends[i]);
}

/* Closes what libunwind's initialisation opened, if that was a pipe at the
 * expected place.  Only its local address space would use it. */
static void close_pipe(const long ends[2])
{
        ino_t inodes[2];

        if (ends[0] >= 0 && ends[1] >= 0 && is_pipe(ends[0], &inodes[0]) && is_pipe(ends[1], &inodes[1]) &&
            inodes[0] == inodes[1]) {
                raw_close(ends[0]);
                raw_close(ends[1]);
        }
}

/* One walk, so that nothing is left to be set up at the first real one. */
static __attribute__((noinline)) void warm_up(void)
{
        reference_walk(frame_state_of_caller(), visit_nothing, NULL);
}

bool reference_load(void)
{
        static unw_accessors_t accessors = {
                .find_proc_info = find_proc_info,
                .put_unwind_info = put_unwind_info,
                .get_dyn_info_list_addr = get_dyn_info_list_addr,
                .access_mem = access_mem,
                .access_reg = access_reg,
                .access_fpreg = access_fpreg,
                .resume = resume,
                .get_proc_name = get_proc_name,
        };
        void *handle;
        long ends[2];

        if (library.usable)
                return true;
        handle = dlopen(ARCH_LIBUNWIND, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (!handle)
                return false;
        if (!symbols(handle))
                return false;
        free_descriptors(ends);
        library.space = library.create(&accessors, 0);
        if (library.space) {
                library.set_caching_policy(library.space, UNW_CACHE_NONE);
                library.usable = true;
                warm_up();
        }
        close_pipe(ends);
        return library.usable;
}

void reference_forked(void)
{
        if (atomic_exchange_explicit(&library.users, 0, memory_order_relaxed) != 0)
                library.usable = false;
}

/* ---- walking ----------------------------------------------------------- */

static uintptr_t value(unw_cursor_t *cursor, int reg)
{
        unw_word_t word = 0;

        library.get_reg(cursor, reg, &word);
        return word;
}

/* Steps out of the shim's own frames until the cursor is at `at`. */
static bool find_frame(unw_cursor_t *cursor, struct frame_state at)
{
        for (unsigned i = 0; i < INNER_MOST; i++) {
                if (library.step(cursor) <= 0)
                        return false;
                if (value(cursor, UNW_REG_SP) == at.sp && value(cursor, UNW_REG_IP) == at.pc)
                        return true;
        }
        return false;
}

static enum reference_result visit_all(unw_cursor_t *cursor, reference_visitor *visit, void *context)
{
        uint16_t flags = 0;
        int status;

        do {
                if (!visit(context, value(cursor, UNW_REG_IP), flags))
                        return REFERENCE_STOPPED;
                status = library.step(cursor);
                /* Of the frame that was left: libunwind sets it in the step. */
                flags = library.is_signal_frame(cursor) > 0 ? WEIR_FRAME_EXACT : 0;
        } while (status > 0);
        return status == 0 ? REFERENCE_END : REFERENCE_CUT;
}

__attribute__((noinline)) enum reference_result reference_walk(struct frame_state at, reference_visitor *visit,
                                                               void *context)
{
        struct walk walk = { .registers = { 0 } };
        enum reference_result result = REFERENCE_NONE;
        unw_cursor_t cursor;

        if (!library.usable)
                return REFERENCE_NONE;
        arch_capture(walk.registers);
        atomic_fetch_add_explicit(&library.users, 1, memory_order_relaxed);
        if (library.init_remote(&cursor, library.space, &walk) == 0 && find_frame(&cursor, at))
                result = visit_all(&cursor, visit, context);
        atomic_fetch_sub_explicit(&library.users, 1, memory_order_relaxed);
        return result;
}
