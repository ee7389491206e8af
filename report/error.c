#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *e, enum error_code code, const char *format, ...)
{
        va_list args;

        if (!e)
                return -1;
        e->code = code;
        va_start(args, format);
        (void)vsnprintf(e->text, sizeof e->text, format, args);
        va_end(args);
        return -1;
}

int error_set_errno(struct error *e, enum error_code code, int errnum, const char *format, ...)
{
        va_list args;
        size_t used;

        if (!e)
                return -1;
        e->code = code;
        va_start(args, format);
        (void)vsnprintf(e->text, sizeof e->text, format, args);
        va_end(args);
        used = strlen(e->text);
        (void)snprintf(e->text + used, sizeof e->text - used, ": %s", strerror(errnum));
        return -1;
}

int error_prefix(struct error *e, const char *format, ...)
{
        char old[sizeof e->text];
        va_list args;
        size_t used;

        if (!e)
                return -1;
        memcpy(old, e->text, sizeof old);
        va_start(args, format);
        (void)vsnprintf(e->text, sizeof e->text, format, args);
        va_end(args);
        used = strlen(e->text);
        (void)snprintf(e->text + used, sizeof e->text - used, ": %s", old);
        return -1;
}

int error_no_memory(struct error *e, const char *doing)
{
        return error_set(e, ERROR_NO_MEMORY, "out of memory while %s", doing);
}

int error_exit_status(const struct error *e)
{
        switch (e->code) {
        case ERROR_CANNOT_RUN:
                return 126;
        case ERROR_NOT_FOUND:
                return 127;
        default:
                return 125;
        }
}
