/* Facts from an executable file. */
#include "fuzz.h"

#include "commands/elf_facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct elf_facts facts;
        struct error e = { 0 };
        char name[32];

        if (!elf_facts_read(data, size, &facts, &e))
                (void)elf_machine_name(facts.machine, name, sizeof name);
        return 0;
}
