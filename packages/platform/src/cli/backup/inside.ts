// Paths that a backup names: whoever made it, they stay in the folder that they are seen from.

/** Whether a path with slashes leads below its folder and nowhere else. */
export const isInside = (path: string): boolean =>
  !path.includes('\0') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')

/** Whether a path lies below one of the folders. */
export const isBelow = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => path.startsWith(`${folder}/`))
