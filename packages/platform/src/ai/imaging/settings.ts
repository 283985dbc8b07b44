// The imaging service's settings.
import type { SettingSpecs, Settings } from '../../kernel/config.ts'

/** What can be set at the imaging service. */
export const imagingSettings = {
  dimsePort: {
    env: 'DIMSE_PORT',
    kind: 'port',
    fallback: 11_112,
    about: 'Port on which scanners send images (DICOM C-STORE, C-ECHO)',
  },
  dimseHost: {
    env: 'DIMSE_HOST',
    kind: 'text',
    fallback: '127.0.0.1',
    about: 'Address on which scanners are heard; DIMSE has no credentials, so open it to their network only',
  },
  dimseEnabled: { env: 'DIMSE', kind: 'boolean', fallback: true, about: 'Whether the DIMSE port is opened' },
  aeTitle: {
    env: 'DIMSE_AE_TITLE',
    kind: 'text',
    fallback: 'XINGLIN',
    min: 1,
    max: 16,
    about: 'AE title under which scanners know this system',
  },
  callingAeTitles: {
    env: 'DIMSE_CALLING_AE_TITLES',
    kind: 'list',
    fallback: [],
    about: 'AE titles that may send images; any that reaches the port when unset',
  },
  artimSeconds: {
    env: 'DIMSE_ARTIM_SECONDS',
    kind: 'integer',
    fallback: 10,
    min: 1,
    max: 300,
    about:
      'Longest silence of a DIMSE connection before its association is asked for and after it ended (ARTIM, PS3.8)',
  },
  maxInstanceBytes: {
    env: 'IMAGING_MAX_INSTANCE_BYTES',
    kind: 'integer',
    fallback: 536_870_912,
    min: 65_536,
    about: 'Largest DICOM object that is stored; over HTTP the limits of the gateway apply as well',
  },
  maxRequestInstances: {
    env: 'IMAGING_MAX_REQUEST_INSTANCES',
    kind: 'integer',
    fallback: 2000,
    min: 1,
    max: 20_000,
    about: 'Most DICOM objects in one store request',
  },
} as const satisfies SettingSpecs

/** The settings as read. */
export type ImagingSettings = Settings<typeof imagingSettings>
