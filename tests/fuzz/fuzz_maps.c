/* The text of /proc/PID/maps. */
#include "fuzz.h"

#include "capture/maps.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct error e = { 0 };
        struct maps maps;

        if (maps_parse(&maps, (const char *)data, size, &e))
                return 0;
        for (size_t i = 0; i < maps.count; i++) {
                const struct map *map = &maps.list[i];

                if (map->start >= map->end || (i && maps.list[i - 1].end > map->start) ||
                    maps_find(&maps, map->start) != map || maps_find(&maps, map->end - 1) != map ||
                    strlen(map->name) > size)
                        abort();
        }
        maps_deinit(&maps);
        return 0;
}
