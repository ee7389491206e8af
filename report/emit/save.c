#include "save.h"

#include "../mem.h"

#include <errno.h>
#include <stdbool.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int cannot(const char *path, int errnum, struct error *e)
{
        return error_set_errno(e, ERROR_FAILED, errnum, "cannot write %s", path);
}

/* The name behind symbolic links, so that a link stays one; of a file that is
 * not there the name as given. */
static char *follow(const char *path)
{
        char *real = realpath(path, NULL), *copy;

        if (!real)
                return mem_string(path);
        copy = mem_string(real);
        free(real);
        return copy;
}

/* The mode that a new file would get, or that of the file to be replaced. */
static mode_t mode_for(const char *path)
{
        struct stat status;
        mode_t mask;

        if (!stat(path, &status))
                return status.st_mode & 07777;
        mask = umask(0);
        (void)umask(mask);
        return 0666 & ~mask;
}

static int open_directly(struct save *save, struct error *e)
{
        save->out = fopen(save->path, "we");
        return save->out ? 0 : cannot(save->path, errno, e);
}

static int open_temporary(struct save *save, struct error *e)
{
        int fd;

        save->temporary = mem_format("%s.XXXXXX", save->path);
        if (!save->temporary)
                return error_no_memory(e, "opening a file");
        fd = mkostemp(save->temporary, O_CLOEXEC);
        if (fd < 0) {
                mem_free(save->temporary);
                save->temporary = NULL;
                /* The file may be ours to write where its directory is not. */
                return errno == EACCES || errno == EPERM || errno == EROFS ? open_directly(save, e) :
                                                                             cannot(save->path, errno, e);
        }
        (void)fchmod(fd, mode_for(save->path));
        save->out = fdopen(fd, "w");
        if (!save->out) {
                close(fd);
                return error_no_memory(e, "opening a file");
        }
        return 0;
}

int save_begin(struct save *save, const char *path, struct error *e)
{
        struct stat status;
        int result;

        *save = (struct save){ .path = NULL };
        if (stat(path, &status))
                status.st_mode = S_IFREG;
        save->path = S_ISREG(status.st_mode) ? follow(path) : mem_string(path);
        if (!save->path)
                return error_no_memory(e, "opening a file");
        if (S_ISREG(status.st_mode))
                result = open_temporary(save, e);
        else
                result = open_directly(save, e);
        if (result)
                save_cancel(save);
        return result;
}

void save_cancel(struct save *save)
{
        if (save->out)
                (void)fclose(save->out);
        if (save->temporary)
                (void)unlink(save->temporary);
        mem_free(save->temporary);
        mem_free(save->path);
        *save = (struct save){ .path = NULL };
}

int save_finish(struct save *save, struct error *e)
{
        bool failed = fflush(save->out) || ferror(save->out);
        int errnum = errno;

        if (failed && !save->temporary)
                (void)!ftruncate(fileno(save->out), 0); /* an empty file is no report, a part of one might be taken for it */
        if (fclose(save->out) && !failed) {
                failed = true;
                errnum = errno;
        }
        save->out = NULL;
        if (!failed && save->temporary) {
                if (rename(save->temporary, save->path)) {
                        failed = true;
                        errnum = errno;
                } else {
                        mem_free(save->temporary);
                        save->temporary = NULL;
                }
        }
        if (failed)
                (void)cannot(save->path, errnum ? errnum : EIO, e);
        save_cancel(save);
        return failed ? -1 : 0;
}
