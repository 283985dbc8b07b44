// The door to backups: everything into one folder while the system runs, and back into an empty system.
export { backup } from './backup.ts'
export { restore } from './restore.ts'
