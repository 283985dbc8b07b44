// The PostgreSQL of a chaos stage in a process of its own, supervised as in the product; ends with the stage.
import { startEmbeddedPostgres } from '../../engines/postgres/index.ts'
import { processEnvironment } from '../../kernel/config.ts'
import { createLogger } from '../../kernel/log.ts'

/** What it tells: where the database is, and its process now. */
export interface DatabaseNews {
  readonly url: string
  readonly pid: number
}

const [dataFolder = '.'] = process.argv.slice(2)
const tell = (news: DatabaseNews): void => void (process.connected && process.send?.(news))

const { PATH } = processEnvironment()
const embedded = await startEmbeddedPostgres({
  dataFolder,
  log: createLogger({ level: 'silent' }),
  onRestart: (pid) => tell({ url: embedded.url, pid }),
  ...(PATH === undefined ? {} : { searchPath: PATH }),
})
const end = (): void => {
  embedded.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  )
}
process.once('disconnect', end)
process.once('SIGTERM', end)
process.on('SIGINT', () => undefined) // Ctrl-C reaches the whole group: the stage decides
tell({ url: embedded.url, pid: embedded.pid })
