/*
 * Stands beside deno.exe as bcryptprimitives.dll, which Wine 8 lacks.
 *
 * It supplies ProcessPrng. It also hides three functions from V8: Wine has
 * them, but not in the way that V8 needs, which takes older ones instead.
 */

#include <windows.h>
#include <string.h>

/* RtlGenRandom, under the name that advapi32 exports. */
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG size);

__declspec(dllexport) BOOL ProcessPrng(PBYTE buffer, SIZE_T size) {
  return SystemFunction036(buffer, (ULONG)size);
}

static const char *const hidden[] = {
  "VirtualAlloc2",
  "MapViewOfFile3",
  "UnmapViewOfFile2",
};

/* GetProcAddress, without the hidden functions. */
static FARPROC WINAPI find_function(HMODULE module, LPCSTR name) {
  /* A small number is an ordinal. */
  if ((ULONG_PTR)name >> 16) {
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
      if (!strcmp(name, hidden[i])) return NULL;
    }
  }
  return GetProcAddress(module, name);
}

static void replace(void **slot, void *function) {
  DWORD protection;
  VirtualProtect(slot, sizeof *slot, PAGE_READWRITE, &protection);
  *slot = function;
  VirtualProtect(slot, sizeof *slot, protection, &protection);
}

/* Puts find_function in the place of GetProcAddress among the program's imports. */
static void hide_functions(void) {
  BYTE *base = (BYTE *)GetModuleHandleA(NULL);
  IMAGE_DOS_HEADER *dos = (IMAGE_DOS_HEADER *)base;
  IMAGE_NT_HEADERS *nt = (IMAGE_NT_HEADERS *)(base + dos->e_lfanew);
  IMAGE_DATA_DIRECTORY *imports =
      &nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
  IMAGE_IMPORT_DESCRIPTOR *library =
      (IMAGE_IMPORT_DESCRIPTOR *)(base + imports->VirtualAddress);
  void *real =
      (void *)GetProcAddress(GetModuleHandleA("kernel32"), "GetProcAddress");
  for (; library->Name; library++) {
    void **slot = (void **)(base + library->FirstThunk);
    for (; *slot; slot++) {
      if (*slot == real) replace(slot, (void *)find_function);
    }
  }
}

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, LPVOID reserved) {
  if (reason == DLL_PROCESS_ATTACH) hide_functions();
  return TRUE;
}
