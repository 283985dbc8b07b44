// Whether a process would start with an environment: its settings are read and its openness judged as at a start, nothing is opened.
import { openTransport } from '../../packages/platform/src/composition/transport.ts'
import { checkExposure } from '../../packages/platform/src/edge/gateway/exposure.ts'
import { systemClock } from '../../packages/platform/src/kernel/clock.ts'
import { readSettings, type SettingsByOwner } from '../../packages/platform/src/kernel/config.ts'
import { createShutdown } from '../../packages/platform/src/kernel/shutdown.ts'
import { settingsByOwner } from '../../packages/platform/src/services.ts'
import { silentLogger as log } from '../../packages/platform/src/testing/silent-logger.ts'

/** Reads the settings of a container. @throws AppError naming what a start would refuse */
export async function acceptedSettings(
  environment: Readonly<Record<string, string>>,
): Promise<SettingsByOwner<typeof settingsByOwner>> {
  const settings = readSettings(settingsByOwner, environment)
  const { services: names, serviceHost } = settings.process
  if (names.length === 0 || names.includes('gateway')) checkExposure(settings.gateway)
  await openTransport({
    ...{ settings: settings.tls, serviceHost, names, isSplit: names.length > 0 },
    ...{ dataFolder: '/data', log, clock: systemClock, shutdown: createShutdown({ log }) },
  })
  return settings
}
