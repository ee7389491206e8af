#include "dwarf_variables.h"

#include "../mem.h"
#include "dwarf_index.h"

#include <dwarf.h>
#include <stdlib.h>

static bool address_of(Dwarf_Die *variable, uint64_t *address)
{
        Dwarf_Attribute location, table;
        Dwarf_Addr value;
        Dwarf_Op *expression;
        size_t length;

        if (!dwarf_attr(variable, DW_AT_location, &location) || dwarf_getlocation(&location, &expression, &length) ||
            length != 1)
                return false;
        *address = expression->number;
        if (expression->atom == DW_OP_addr)
                return true;
        if ((expression->atom != DW_OP_addrx && expression->atom != DW_OP_GNU_addr_index) ||
            dwarf_getlocation_attr(&location, expression, &table) || dwarf_formaddr(&table, &value))
                return false;
        *address = value;
        return true;
}

static int add_unit(struct dwarf_variables *variables, Dwarf_Die *unit)
{
        struct dwarf_variable found;

        if (dwarf_child(unit, &found.die))
                return 0;
        do {
                if (dwarf_tag(&found.die) != DW_TAG_variable || !address_of(&found.die, &found.address))
                        continue;
                if (mem_grow(&variables->list, &variables->capacity, variables->count + 1, sizeof *variables->list))
                        return -1;
                variables->list[variables->count++] = found;
        } while (!dwarf_siblingof(&found.die, &found.die));
        return 0;
}

static int compare(const void *left, const void *right)
{
        const struct dwarf_variable *a = left, *b = right;

        return a->address < b->address ? -1 : a->address > b->address;
}

static int read_all(struct dwarf_index *index)
{
        struct dwarf_variables *variables = &index->variables;

        variables->count = 0;
        for (size_t i = 0; i < index->unit_count; i++)
                if (index->units[i].read && add_unit(variables, &index->units[i].code))
                        return -1;
        if (variables->count)
                qsort(variables->list, variables->count, sizeof *variables->list, compare);
        variables->read = true;
        return 0;
}

bool dwarf_variables_find(struct dwarf_index *index, uint64_t address, Dwarf_Die *variable)
{
        const struct dwarf_variable wanted = { .address = address - index->bias }, *found = NULL;

        if (!index->variables.read && read_all(index))
                return false;
        if (index->variables.count)
                found = bsearch(&wanted, index->variables.list, index->variables.count, sizeof wanted, compare);
        if (found)
                *variable = found->die;
        return found;
}

void dwarf_variables_deinit(struct dwarf_variables *variables)
{
        mem_free(variables->list);
        *variables = (struct dwarf_variables){ 0 };
}
