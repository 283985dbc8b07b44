// The files of what was dropped: folders are walked through.

function readEntries(reader: FileSystemDirectoryReader): Promise<readonly FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject))
}

async function walk(entry: FileSystemEntry, found: File[], most: number): Promise<void> {
  if (found.length > most) return
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    found.push(file)
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  // A folder gives its entries in portions; an empty one ends it.
  for (let entries = await readEntries(reader); entries.length > 0; entries = await readEntries(reader)) {
    for (const one of entries) await walk(one, found, most)
  }
}

/** All files that were dropped; the walk ends one file beyond `most`, so that too many are noticed. */
export async function droppedFiles(transfer: Pick<DataTransfer, 'items'>, most: number): Promise<readonly File[]> {
  // The list is emptied when the event ends, so everything is taken out of it first.
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? [])
  const found: File[] = []
  for (const entry of entries) await walk(entry, found, most)
  return found
}
