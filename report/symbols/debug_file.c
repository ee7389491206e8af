#include "debug_file.h"

#include "../mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUILD_ID_SHOWN = 20 };

/* In hexadecimal, as much as identifies it. */
static void hex(char *out, const uint8_t *bytes, size_t count)
{
        count = count < BUILD_ID_SHOWN ? count : BUILD_ID_SHOWN;
        for (size_t i = 0; i < count; i++)
                (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
        out[2 * count] = '\0';
}

static int open_regular(const char *path, struct stat *status, struct error *e)
{
        /* Not to wait for a writer, should it be a pipe by now. */
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

        if (fd < 0) {
                if (errno == ENOENT || errno == ENOTDIR)
                        return error_set(e, ERROR_GONE, "%s is gone, so nothing in it has a name", path);
                return error_set_errno(e, ERROR_REFUSED, errno, "%s cannot be read, so nothing in it has a name", path);
        }
        if (fstat(fd, status) || !S_ISREG(status->st_mode)) {
                (void)close(fd);
                return error_set(e, ERROR_GONE, "%s is no file any more, so nothing in it has a name", path);
        }
        return fd;
}

static int64_t nanoseconds(const struct timespec *time)
{
        return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static int check_status(const struct symbol_file *wanted, const char *path, const struct stat *status, struct error *e)
{
        bool other = (wanted->inode && wanted->inode != status->st_ino) ||
                     (wanted->modified_ns && wanted->modified_ns != nanoseconds(&status->st_mtim));

        if (wanted->build_id_length || !other)
                return 0;
        return error_set(e, ERROR_GONE, "%s changed since the run, so nothing in it has a name", path);
}

static int check_build_id(const struct symbol_file *wanted, const char *path, Dwfl_Module *module, struct error *e)
{
        char then[2 * BUILD_ID_SHOWN + 1], now[2 * BUILD_ID_SHOWN + 1] = "none";
        const unsigned char *bits = NULL;
        GElf_Addr where;
        int length = dwfl_module_build_id(module, &bits, &where);

        if (!wanted->build_id_length || (length > 0 && (size_t)length == wanted->build_id_length &&
                                         !memcmp(bits, wanted->build_id, (size_t)length)))
                return 0;
        hex(then, wanted->build_id, wanted->build_id_length);
        if (length > 0)
                hex(now, bits, (size_t)length);
        return error_set(e, ERROR_GONE,
                         "%s changed since the run (build-id %s then, %s now), so nothing in it has a name", path, then,
                         now);
}

/* Gives `fd` to libdwfl, which then owns it. */
static int report(struct debug_file *file, const char *path, int fd, const Dwfl_Callbacks *callbacks, struct error *e)
{
        GElf_Addr bias;

        file->dwfl = dwfl_begin(callbacks);
        if (!file->dwfl) {
                (void)close(fd);
                return error_no_memory(e, "opening a module");
        }
        dwfl_report_begin(file->dwfl);
        file->module = dwfl_report_elf(file->dwfl, path, path, fd, 0, true);
        if (!file->module) {
                (void)close(fd);
                return error_set(e, ERROR_BAD_INPUT, "%s is no usable ELF file (%s), so nothing in it has a name", path,
                                 dwfl_errmsg(-1));
        }
        if (dwfl_report_end(file->dwfl, NULL, NULL) || !dwfl_module_getelf(file->module, &bias) || bias)
                return error_set(e, ERROR_BAD_INPUT, "%s is no usable ELF file, so nothing in it has a name", path);
        return 0;
}

static int open_path(struct debug_file *file, const struct symbol_file *wanted, const char *path,
                     const Dwfl_Callbacks *callbacks, struct error *e)
{
        struct stat status;
        int fd = open_regular(path, &status, e);

        if (fd < 0)
                return -1;
        if (check_status(wanted, path, &status, e)) {
                (void)close(fd);
                return -1;
        }
        if (report(file, path, fd, callbacks, e) || check_build_id(wanted, path, file->module, e)) {
                debug_file_close(file);
                return -1;
        }
        return 0;
}

int debug_file_open(struct debug_file *file, const struct symbol_file *wanted, const Dwfl_Callbacks *callbacks,
                    struct error *e)
{
        char *path = wanted->directory && wanted->path[0] != '/' ? mem_format("%s/%s", wanted->directory, wanted->path)
                                                                 : mem_string(wanted->path);
        int status;

        *file = (struct debug_file){ 0 };
        if (!path)
                return error_no_memory(e, "opening a module");
        status = open_path(file, wanted, path, callbacks, e);
        mem_free(path);
        return status;
}

void debug_file_close(struct debug_file *file)
{
        elf_table_deinit(&file->table);
        dwarf_index_deinit(&file->dwarf);
        elf_image_deinit(&file->image);
        if (file->dwfl)
                dwfl_end(file->dwfl);
        *file = (struct debug_file){ 0 };
}

const struct elf_table *debug_file_table(struct debug_file *file)
{
        if (!file->has_table) {
                if (elf_table_read(&file->table, file->module))
                        return NULL;
                file->has_table = true;
        }
        return &file->table;
}

struct dwarf_index *debug_file_dwarf(struct debug_file *file)
{
        if (!file->has_dwarf) {
                if (dwarf_index_read(&file->dwarf, file->module))
                        return NULL;
                file->has_dwarf = true;
        }
        return file->dwarf.unit_count ? &file->dwarf : NULL;
}

struct elf_image *debug_file_image(struct debug_file *file)
{
        GElf_Addr bias;

        if (!file->has_image) {
                if (elf_image_read(&file->image, dwfl_module_getelf(file->module, &bias)))
                        return NULL;
                file->has_image = true;
        }
        return file->image.segment_count ? &file->image : NULL;
}
