// Windows that readers of CT are used to, in Hounsfield units (Radiology Assistant and ACR teaching values; centre, width).
import type { GreyWindow } from '@xinglin/core/dicom/image'

/** Names of the presets. */
export const presetNames = ['lung', 'mediastinum', 'bone', 'brain'] as const

/** A name of {@link presetNames}. */
export type PresetName = (typeof presetNames)[number]

/** The windows by name. */
export const presets: Readonly<Record<PresetName, GreyWindow>> = {
  lung: { center: -600, width: 1500 },
  mediastinum: { center: 40, width: 400 },
  bone: { center: 480, width: 2500 },
  brain: { center: 40, width: 80 },
}

/** A window within what can be drawn: whole numbers, at least 1 wide. */
export function boundedWindow({ center, width }: GreyWindow): GreyWindow {
  const bound = (value: number, [min, max]: readonly [number, number]): number =>
    Math.min(max, Math.max(min, Math.round(Number.isFinite(value) ? value : min)))
  return { center: bound(center, [-32_768, 32_767]), width: bound(width, [1, 65_535]) }
}
