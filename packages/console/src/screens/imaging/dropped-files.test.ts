// Folders are walked through, and the walk ends just beyond the limit.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { droppedFiles } from './dropped-files.ts'

const fileEntry = (name: string) => ({
  isFile: true,
  file: (found: (file: File) => void) => found(new File([name], name)),
})

// A folder gives its entries two at a time, as browsers give them in portions.
const folderEntry = (entries: readonly unknown[]) => ({
  isFile: false,
  createReader() {
    const left = [...entries]
    return { readEntries: (found: (portion: readonly unknown[]) => void) => found(left.splice(0, 2)) }
  },
})

const dropped = (entry: unknown) =>
  ({ items: [{ webkitGetAsEntry: () => entry }] }) as unknown as Pick<DataTransfer, 'items'> // all that is looked at

const study = folderEntry([folderEntry(['1', '2', '3'].map(fileEntry)), fileEntry('4'), folderEntry([])])

test('finds the files of all folders', async () => {
  const files = await droppedFiles(dropped(study), 10)
  assert.deepEqual(
    files.map(({ name }) => name),
    ['1', '2', '3', '4'],
  )
})

test('ends one file beyond the limit', async () => {
  assert.equal((await droppedFiles(dropped(study), 2)).length, 3)
})
