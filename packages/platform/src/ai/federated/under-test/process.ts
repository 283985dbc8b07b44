// The service in a process of its own, to be killed: `node process.ts <database url> <folder> <Flower port>`; says when it is up.
import { connectPostgres } from '../../../engines/postgres/index.ts'
import { silentLogger } from '../../../testing/silent-logger.ts'
import { serviceUnderTest } from './service.ts'

const [url = '', folder = '', port = '0'] = process.argv.slice(2)
const sql = connectPostgres({ url, poolSize: 4, log: silentLogger })
const service = await serviceUnderTest({ sql, folder, flowerPort: Number(port), leaseMs: 900 })
process.on('disconnect', () => process.exit(0)) // the test is over
process.send?.(service.flower)
