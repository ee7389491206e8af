#include "dwarf_lean.h"

#include "../bytes.h"
#include "../mem.h"

#include <dwarf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum {
        SECTIONS_MAX = 16,
        INFLATE_STEP = 1 << 16,
        WORTH = 1 << 16, /* bytes of .debug_info from which on it pays */
};
#define SECTION_LIMIT (UINT64_C(1) << 31)

/* What lookups read; the rest of the debug sections stays in the file. */
static const char *const wanted[] = {
        ".debug_info", ".debug_abbrev", ".debug_line",     ".debug_str",   ".debug_line_str",
        ".debug_addr", ".debug_ranges", ".debug_rnglists", ".debug_types", ".debug_str_offsets",
};

struct section {
        const char *name;
        GElf_Shdr header;
        const uint8_t *data; /* as in the file */
        size_t file_size, size;
        uint8_t *image; /* where it is inflated to */
        bool compressed;
        z_stream stream; /* of those inflated step by step */
        bool streaming;
};

struct dwarf_lean {
        int file;
        Elf *elf, *small; /* the file, and the image made of it */
        Dwarf *dwarf;
        uint8_t *image;
        size_t image_size, image_room;
        struct section sections[SECTIONS_MAX];
        size_t section_count;
        struct section *info, *abbrev, *line; /* line: may be NULL */
        struct dwarf_lean_range *ranges;
        size_t range_count, range_capacity;
};

/* ---- the file ------------------------------------------------------------ */

/* False where the section is there and not as expected. */
static bool describe(struct section *section, Elf_Scn *scn, const char *name)
{
        Elf_Data *raw = elf_rawdata(scn, NULL);
        struct bytes bytes;
        uint32_t type;

        *section = (struct section){ .name = name };
        if (!gelf_getshdr(scn, &section->header) || !raw || !raw->d_buf)
                return false;
        section->data = raw->d_buf;
        section->file_size = section->size = raw->d_size;
        section->compressed = section->header.sh_flags & SHF_COMPRESSED;
        if (!section->compressed)
                return true;
        bytes = bytes_of(section->data, section->file_size);
        type = bytes_u32(&bytes);
        (void)bytes_u32(&bytes);
        section->size = bytes_u64(&bytes);
        (void)bytes_u64(&bytes);
        section->data += bytes.at;
        section->file_size -= bytes.at;
        return bytes.ok && type == ELFCOMPRESS_ZLIB && section->size && section->size < SECTION_LIMIT;
}

static struct section *find(struct dwarf_lean *lean, const char *name)
{
        for (size_t i = 0; i < lean->section_count; i++)
                if (!strcmp(lean->sections[i].name, name))
                        return &lean->sections[i];
        return NULL;
}

static bool is_wanted(const char *name)
{
        for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
                if (!strcmp(name, wanted[i]))
                        return true;
        return !strcmp(name, ".debug_aranges");
}

/* Finds the sections; false where the file is none of these. */
static bool read_sections(struct dwarf_lean *lean)
{
        Elf_Scn *scn = NULL;
        GElf_Ehdr header;
        size_t names;

        if (!gelf_getehdr(lean->elf, &header) || header.e_ident[EI_CLASS] != ELFCLASS64 ||
            header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type == ET_REL || elf_getshdrstrndx(lean->elf, &names))
                return false;
        while ((scn = elf_nextscn(lean->elf, scn))) {
                GElf_Shdr shdr;
                const char *name = gelf_getshdr(scn, &shdr) ? elf_strptr(lean->elf, names, shdr.sh_name) : NULL;

                if (!name || !strcmp(name, ".gnu_debugaltlink") || !strcmp(name, ".debug_sup"))
                        return false;
                if (!is_wanted(name))
                        continue;
                if (lean->section_count == SECTIONS_MAX || !describe(&lean->sections[lean->section_count++], scn, name))
                        return false;
        }
        lean->info = find(lean, ".debug_info");
        lean->abbrev = find(lean, ".debug_abbrev");
        lean->line = find(lean, ".debug_line");
        return lean->info && lean->info->compressed && lean->info->size >= WORTH && lean->abbrev &&
               find(lean, ".debug_aranges") && !find(lean, ".debug_types");
}

/* ---- the image ----------------------------------------------------------- */

static size_t aligned(size_t size)
{
        return (size + 15) & ~(size_t)15;
}

static bool inflate_all(const struct section *section)
{
        uLongf size = section->size;

        if (!section->compressed)
                return memcpy(section->image, section->data, section->size);
        return uncompress(section->image, &size, section->data, section->file_size) == Z_OK && size == section->size;
}

/* A sum over all of it is of no use to who reads a part. */
static bool start_stream(struct section *section)
{
        section->stream = (z_stream){
                .next_in = (Bytef *)(uintptr_t)section->data,
                .avail_in = (uInt)section->file_size,
                .next_out = section->image,
        };
        section->streaming = inflateInit(&section->stream) == Z_OK;
        return section->streaming && inflateValidate(&section->stream, 0) == Z_OK;
}

/* How much of it is in the image. */
static size_t reached(const struct section *section)
{
        return section->streaming ? section->stream.total_out : section->size;
}

/* Inflates at least up to `end`. */
static bool reach(struct section *section, uint64_t end)
{
        size_t have = reached(section);
        int status;

        if (end > section->size)
                return false;
        if (end <= have)
                return true;
        end = end + INFLATE_STEP < section->size ? end + INFLATE_STEP : section->size;
        section->stream.avail_out = (uInt)(end - have);
        status = inflate(&section->stream, Z_SYNC_FLUSH);
        return (status == Z_OK || status == Z_STREAM_END) && section->stream.total_out == end;
}

/* Header, names, sections, section headers: a file that libelf understands. */
static bool build_image(struct dwarf_lean *lean)
{
        size_t names = sizeof(Elf64_Ehdr), at, count = 2 + lean->section_count, name_at = names + 1;
        Elf64_Ehdr *header;
        Elf64_Shdr *headers;

        for (at = names + 16; at < names + 16 + 32 * count; at += 32)
                ;
        at = aligned(at);
        lean->image_size = at;
        for (size_t i = 0; i < lean->section_count; i++)
                lean->image_size += aligned(lean->sections[i].size + 8);
        lean->image_room = lean->image_size + count * sizeof *headers;
        lean->image = mem_reserve_sparse(lean->image_room);
        if (!lean->image)
                return false;
        header = (Elf64_Ehdr *)(void *)lean->image;
        headers = (Elf64_Shdr *)(void *)(lean->image + lean->image_size);
        for (size_t i = 0; i < lean->section_count; i++) {
                struct section *section = &lean->sections[i];
                size_t length = strlen(section->name) + 1;

                memcpy(lean->image + name_at, section->name, length);
                headers[i + 2] = (Elf64_Shdr){ .sh_name = (Elf64_Word)(name_at - names),
                                               .sh_type = SHT_PROGBITS,
                                               .sh_offset = at,
                                               .sh_size = section->size,
                                               .sh_addralign = 1 };
                section->image = lean->image + at;
                name_at += length;
                at += aligned(section->size + 8);
        }
        headers[1] = (Elf64_Shdr){
                .sh_type = SHT_STRTAB, .sh_offset = names, .sh_size = name_at - names, .sh_addralign = 1
        };
        (void)gelf_getehdr(lean->elf, (GElf_Ehdr *)(void *)header);
        header->e_phoff = header->e_phnum = 0;
        header->e_shoff = lean->image_size;
        header->e_shnum = (Elf64_Half)count;
        header->e_shentsize = sizeof *headers;
        header->e_shstrndx = 1;
        lean->image_size += count * sizeof *headers;
        return true;
}

static bool fill_image(struct dwarf_lean *lean)
{
        for (size_t i = 0; i < lean->section_count; i++) {
                struct section *section = &lean->sections[i];
                bool in_steps = section == lean->info || section == lean->abbrev || section == lean->line;

                if (in_steps && section->compressed ? !start_stream(section) : !inflate_all(section))
                        return false;
        }
        return true;
}

/* ---- which unit has an address -------------------------------------------- */

static bool add_range(struct dwarf_lean *lean, uint64_t start, uint64_t end, uint64_t offset)
{
        if (start >= end || !start)
                return start <= end;
        if (mem_grow(&lean->ranges, &lean->range_capacity, lean->range_count + 1, sizeof *lean->ranges))
                return false;
        lean->ranges[lean->range_count++] = (struct dwarf_lean_range){ start, end, offset };
        return true;
}

static bool read_set(struct dwarf_lean *lean, struct bytes *bytes)
{
        size_t begin = bytes->at;
        uint32_t length = bytes_u32(bytes);
        struct bytes set = bytes_of(bytes_take(bytes, length), length);
        uint16_t version = bytes_u16(&set);
        uint32_t offset = bytes_u32(&set);
        uint8_t address_size = bytes_u8(&set), segment_size = bytes_u8(&set);

        if (!bytes->ok || !set.ok || length >= 0xfffffff0 || version != 2 || address_size != 8 || segment_size)
                return false;
        (void)bytes_take(&set, (16 - (begin + 4 + set.at) % 16) % 16 % 16);
        while (bytes_left(&set) >= 16) {
                uint64_t start = bytes_u64(&set), size = bytes_u64(&set), end;

                if (__builtin_add_overflow(start, size, &end) || !add_range(lean, start, end, offset))
                        return false;
        }
        return true;
}

static bool read_ranges(struct dwarf_lean *lean)
{
        const struct section *section = find(lean, ".debug_aranges");
        struct bytes bytes = bytes_of(section->image, section->size);

        while (bytes_left(&bytes))
                if (!read_set(lean, &bytes))
                        return false;
        return bytes.ok && lean->range_count;
}

/* ---- opening ------------------------------------------------------------- */

static bool has_section(Elf *elf, const char *wanted_name)
{
        Elf_Scn *scn = NULL;
        size_t names;

        if (!elf || elf_getshdrstrndx(elf, &names))
                return false;
        while ((scn = elf_nextscn(elf, scn))) {
                GElf_Shdr header;
                const char *name = gelf_getshdr(scn, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;

                if (name && !strcmp(name, wanted_name))
                        return true;
        }
        return false;
}

/* The file that libdwfl would read debug information from, as far as it knows
 * one by now. */
static const char *debug_file_of(Dwfl_Module *module)
{
        const char *main_file = NULL, *debug_file = NULL;
        GElf_Addr bias;
        Elf *elf = dwfl_module_getelf(module, &bias);

        (void)dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, &main_file, &debug_file);
        if (!elf || bias || has_section(elf, ".zdebug_info"))
                return NULL;
        return has_section(elf, ".debug_info") ? main_file : debug_file;
}

/* A debug file keeps the addresses of the file it belongs to, unless that was
 * moved since. */
static bool same_addresses(Elf *a, Elf *b)
{
        size_t count_a, count_b;
        GElf_Phdr x, y;

        if (elf_getphdrnum(a, &count_a) || elf_getphdrnum(b, &count_b) || count_a != count_b)
                return false;
        for (size_t i = 0; i < count_a; i++)
                if (!gelf_getphdr(a, (int)i, &x) || !gelf_getphdr(b, (int)i, &y) || x.p_type != y.p_type ||
                    x.p_vaddr != y.p_vaddr)
                        return false;
        return true;
}

static bool open_file(struct dwarf_lean *lean, Dwfl_Module *module)
{
        const char *path = debug_file_of(module);
        GElf_Addr bias;

        lean->file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        lean->elf = lean->file < 0 ? NULL : elf_begin(lean->file, ELF_C_READ_MMAP, NULL);
        return lean->elf && same_addresses(lean->elf, dwfl_module_getelf(module, &bias));
}

struct dwarf_lean *dwarf_lean_open(Dwfl_Module *module)
{
        struct dwarf_lean *lean = mem_alloc(1, sizeof *lean);

        if (!lean)
                return NULL;
        lean->file = -1;
        if (!open_file(lean, module) || !read_sections(lean) || !build_image(lean) || !fill_image(lean) ||
            !read_ranges(lean)) {
                dwarf_lean_close(lean);
                return NULL;
        }
        lean->small = elf_memory((char *)lean->image, lean->image_size);
        lean->dwarf = lean->small ? dwarf_begin_elf(lean->small, DWARF_C_READ, NULL) : NULL;
        if (lean->dwarf)
                return lean;
        dwarf_lean_close(lean);
        return NULL;
}

void dwarf_lean_close(struct dwarf_lean *lean)
{
        if (!lean)
                return;
        if (lean->dwarf)
                (void)dwarf_end(lean->dwarf);
        if (lean->small)
                (void)elf_end(lean->small);
        for (size_t i = 0; i < lean->section_count; i++)
                if (lean->sections[i].streaming)
                        (void)inflateEnd(&lean->sections[i].stream);
        if (lean->elf)
                (void)elf_end(lean->elf);
        if (lean->file >= 0)
                (void)close(lean->file);
        if (lean->image)
                mem_unreserve(lean->image, lean->image_room);
        mem_free(lean->ranges);
        mem_free(lean);
}

const struct dwarf_lean_range *dwarf_lean_ranges(const struct dwarf_lean *lean, size_t *count)
{
        *count = lean->range_count;
        return lean->ranges;
}

bool dwarf_lean_may_miss(const struct dwarf_lean *lean, uint64_t address)
{
        Elf_Scn *scn = NULL;
        size_t names;

        if (elf_getshdrstrndx(lean->elf, &names))
                return true;
        while ((scn = elf_nextscn(lean->elf, scn))) {
                GElf_Shdr header;
                const char *name;

                if (!gelf_getshdr(scn, &header) || !(header.sh_flags & SHF_EXECINSTR) || address < header.sh_addr ||
                    address - header.sh_addr >= header.sh_size)
                        continue;
                name = elf_strptr(lean->elf, names, header.sh_name);
                return !name || strncmp(name, ".plt", 4);
        }
        return false;
}

/* ---- one unit -------------------------------------------------------------- */

/* Does no form of the abbreviations at `offset` lead out of the unit?  `*cut`
 * says that there are more than was inflated. */
static bool is_closed(const struct section *abbrev, uint64_t offset, bool *cut)
{
        struct bytes bytes = bytes_of(abbrev->image, reached(abbrev));

        *cut = false;
        (void)bytes_take(&bytes, offset);
        while (bytes.ok && bytes_varint(&bytes)) {
                uint64_t name, form;

                (void)bytes_varint(&bytes); /* tag */
                (void)bytes_u8(&bytes);     /* children */
                do {
                        name = bytes_varint(&bytes);
                        form = bytes_varint(&bytes);
                        if (form == DW_FORM_implicit_const)
                                while (bytes_u8(&bytes) & 0x80)
                                        ;
                        if (form == DW_FORM_ref_addr || form == DW_FORM_ref_sig8 || form == DW_FORM_indirect ||
                            form > DW_FORM_addrx4)
                                return false;
                } while (bytes.ok && (name || form));
        }
        *cut = !bytes.ok && reached(abbrev) < abbrev->size;
        return bytes.ok;
}

static bool keeps_to_itself(struct section *abbrev, uint64_t offset)
{
        bool cut, closed;

        if (offset >= abbrev->size || !reach(abbrev, offset + 1))
                return false;
        while (!(closed = is_closed(abbrev, offset, &cut)) && cut)
                if (!reach(abbrev, reached(abbrev) + 1))
                        return false;
        return closed;
}

/* Inflates the lines of the unit. */
static bool reach_lines(struct section *line, Dwarf_Die *die)
{
        Dwarf_Attribute attribute;
        Dwarf_Word offset;
        struct bytes bytes;
        uint32_t length;

        if (!line || dwarf_formudata(dwarf_attr(die, DW_AT_stmt_list, &attribute), &offset))
                return true;
        if (offset >= line->size || !reach(line, offset + 4))
                return false;
        bytes = bytes_of(line->image + offset, 4);
        length = bytes_u32(&bytes);
        return length < 0xfffffff0 && reach(line, offset + 4 + length);
}

/* The end of the unit at `offset` and its abbreviations; false where it is of
 * no usual kind. */
static bool read_header(struct dwarf_lean *lean, uint64_t offset, uint64_t *end, uint64_t *abbrev)
{
        struct bytes bytes;
        uint32_t length;
        uint16_t version;

        if (!reach(lean->info, offset + 16))
                return false;
        bytes = bytes_of(lean->info->image + offset, 16);
        length = bytes_u32(&bytes);
        version = bytes_u16(&bytes);
        if (length >= 0xfffffff0 || version < 2 || version > 5)
                return false;
        if (version == 5 && (bytes_u8(&bytes) != DW_UT_compile || bytes_u8(&bytes) != 8))
                return false;
        *abbrev = bytes_u32(&bytes);
        *end = offset + 4 + length;
        return true;
}

bool dwarf_lean_unit(struct dwarf_lean *lean, uint64_t offset, Dwarf_Die *die)
{
        uint64_t end, abbrev;
        Dwarf_Off next;
        size_t size;

        return read_header(lean, offset, &end, &abbrev) && keeps_to_itself(lean->abbrev, abbrev) &&
               reach(lean->info, end) &&
               !dwarf_next_unit(lean->dwarf, offset, &next, &size, NULL, NULL, NULL, NULL, NULL, NULL) &&
               dwarf_offdie(lean->dwarf, offset + size, die) && reach_lines(lean->line, die);
}
