// The window: presets, and its centre and width in Hounsfield units.
import { TextInput } from '@mantine/core'
import type { GreyWindow } from '@xinglin/core/dicom/image'
import { useText } from '../../../language/LanguageProvider.tsx'
import { boundedWindow, presetNames, presets } from './presets.ts'
import { viewerText } from './text.ts'
import styles from './Viewer.module.css'

interface WindowControlsProps {
  readonly window: GreyWindow
  readonly onWindow: (window: GreyWindow) => void
}

/** The controls. */
export function WindowControls({ window, onWindow }: WindowControlsProps) {
  const text = useText(viewerText)
  const set = (change: Partial<GreyWindow>): void => onWindow(boundedWindow({ ...window, ...change }))
  return (
    <fieldset className={styles.controls}>
      <legend>{text.window}</legend>
      <div className={styles.presets}>
        {presetNames.map((name) => {
          const { center, width } = presets[name]
          return (
            <button
              aria-pressed={center === window.center && width === window.width}
              className={styles.preset}
              key={name}
              onClick={() => onWindow(presets[name])}
              type="button"
            >
              {text[`preset.${name}`]}
            </button>
          )
        })}
      </div>
      <div className={styles.pair}>
        {(['center', 'width'] as const).map((end) => (
          <TextInput
            key={end}
            label={text[end]}
            onChange={(event) => set({ [end]: Number(event.currentTarget.value) })}
            step={10}
            type="number"
            value={window[end]}
          />
        ))}
      </div>
    </fieldset>
  )
}
