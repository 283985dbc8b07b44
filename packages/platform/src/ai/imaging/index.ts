// The imaging service: DICOMweb and DIMSE over one store; images are found, shown and told of to other rooms.
import type { PixelCodec } from '@xinglin/core/dicom'
import type { Ports } from '../../kernel/ports.ts'
import type { RunningService, Service } from '../../kernel/service.ts'
import { createDimseListener } from './dimse/listener.ts'
import { createGuard, type GuardParts } from './guarded.ts'
import { createAnnouncer } from './linking/announcer.ts'
import { addStudyRoutes } from './linking/routes.ts'
import { addQueryRoutes } from './qido/routes.ts'
import { createReadings } from './reading/index.ts'
import { type ImagingSettings, imagingSettings } from './settings.ts'
import type { IngestPorts } from './store/ingest.ts'
import { addStoreRoutes } from './stow/routes.ts'
import { addRenderedRoutes } from './wado/rendered-routes.ts'
import { addRetrieveRoutes } from './wado/routes.ts'

export { studyRecords } from './access.ts'

/** What the composition root hands to the imaging service alone. */
export interface ImagingExtra {
  /** Absolute base of /dicom-web as clients see it, without a slash at its end. */
  readonly baseUrl: string
  /** Decodes and encodes pixels out of process. */
  readonly codec: PixelCodec
  /** Ids of the patients who withhold their studies from a caller, and `patient/study UID` of single studies. */
  readonly withheldFrom: GuardParts['withheldFrom']
}

async function createImaging(ports: Ports, settings: ImagingSettings, extra: ImagingExtra): Promise<RunningService> {
  const { sql, blobs, audit, events, ids, clock, call } = ports
  const log = ports.log.child({ service: 'imaging' })
  const limits = { maxInstanceBytes: settings.maxInstanceBytes, maxInstances: settings.maxRequestInstances }
  const ingestPorts: IngestPorts = { sql, blobs, audit, events, ids, log, limits }
  const guard = createGuard({ audit, clock, withheldFrom: extra.withheldFrom })
  const announcer = createAnnouncer({ sql, events, call, log })
  const dimse = createDimseListener(settings, { ...ingestPorts, telemetry: ports.telemetry })
  const { baseUrl, codec } = extra
  const readings = createReadings({ ports, ingest: ingestPorts, codec, guard })
  return {
    routes: async (app) => {
      // Objects are read as they arrive.
      const types = ['multipart/related', 'application/dicom']
      app.addContentTypeParser(types, (_request, payload, done) => done(null, payload))
      addStoreRoutes(app, { ports: ingestPorts, guard, baseUrl })
      addQueryRoutes(app, { sql, guard, baseUrl })
      addRetrieveRoutes(app, { sql, blobs, codec, guard, baseUrl })
      addRenderedRoutes(app, { sql, blobs, codec, guard, baseUrl })
      addStudyRoutes(app, { sql, events, guard, call })
      readings.addRoutes(app)
    },
    async start() {
      announcer.start()
      readings.start()
      await dimse.start()
    },
    async close() {
      await dimse.close()
      await readings.close()
      await announcer.close()
    },
  }
}

/** The imaging service as the composition root sees it. */
export const imaging = {
  name: 'imaging',
  purpose: 'Stores, finds and shows images (DICOMweb, DIMSE), and reads chest CT for nodules',
  paths: ['/dicom-web', '/api/v1/imaging', '/predict'],
  settings: imagingSettings,
  sql: { schema: 'imaging', folder: new URL('./sql/', import.meta.url) },
  create: createImaging,
} as const satisfies Service<typeof imagingSettings, ImagingExtra>
