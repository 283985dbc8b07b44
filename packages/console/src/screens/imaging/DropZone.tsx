// Takes a folder of images, dropped or chosen, and sends it with counts.
import { Button } from '@mantine/core'
import { useRouteContext } from '@tanstack/react-router'
import { type DragEvent, useCallback, useRef, useState } from 'react'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { droppedFiles } from './dropped-files.ts'
import styles from './Imaging.module.css'
import { imagingText } from './text.ts'
import { maxFiles, type UploadProgress, uploadFiles } from './upload.ts'

type Sending =
  | { readonly kind: 'idle' | 'nothing' | 'tooMany' }
  | { readonly kind: 'sending' | 'sent' | 'stopped'; readonly progress: UploadProgress }
  | { readonly kind: 'failed'; readonly error: unknown; readonly files: readonly File[] }

const start: UploadProgress = { files: 0, done: 0, stored: 0, refused: 0, skipped: 0 }

function useUpload(onStored: () => void) {
  const { session } = useRouteContext({ from: '/signed-in' })
  const [sending, setSending] = useState<Sending>({ kind: 'idle' })
  const stop = useRef<AbortController | undefined>(undefined)
  const send = useCallback(
    async (files: readonly File[]) => {
      if (files.length === 0) return setSending({ kind: 'nothing' })
      if (files.length > maxFiles) return setSending({ kind: 'tooMany' })
      const controller = new AbortController()
      stop.current = controller
      let latest = start
      try {
        const progress = await uploadFiles(files, {
          csrfToken: session.csrfToken,
          signal: controller.signal,
          onProgress: (next) => {
            latest = next
            setSending({ kind: 'sending', progress: next })
          },
        })
        setSending({ kind: 'sent', progress })
      } catch (error) {
        setSending(controller.signal.aborted ? { kind: 'stopped', progress: latest } : { kind: 'failed', error, files })
      }
      onStored()
    },
    [session.csrfToken, onStored],
  )
  return { sending, send, stop: () => stop.current?.abort() }
}

function Words({ sending }: { readonly sending: Sending }) {
  const text = useText(imagingText)
  switch (sending.kind) {
    case 'idle':
    case 'failed':
      return null
    case 'nothing':
      return text.nothingDropped
    case 'tooMany':
      return fill(text.tooMany, { most: maxFiles })
    case 'sending':
    case 'sent':
    case 'stopped':
      return fill(text[sending.kind], { ...sending.progress })
    default:
      return sending satisfies never
  }
}

/** The zone. */
export function DropZone({ onStored }: { readonly onStored: () => void }) {
  const text = useText(imagingText)
  const { sending, send, stop } = useUpload(onStored)
  const [isOver, setOver] = useState(false)
  const folder = useRef<HTMLInputElement>(null)
  const files = useRef<HTMLInputElement>(null)
  const over = (event: DragEvent, value: boolean): void => {
    event.preventDefault()
    setOver(value)
  }
  const drop = (event: DragEvent): void => {
    over(event, false)
    void droppedFiles(event.dataTransfer, maxFiles).then(send)
  }
  const chosen = (input: HTMLInputElement): void => {
    void send([...(input.files ?? [])])
    input.value = ''
  }
  const isSending = sending.kind === 'sending'
  return (
    <section
      aria-labelledby="store-images"
      className={styles.drop}
      data-over={isOver || undefined}
      onDragLeave={(event) => over(event, false)}
      onDragOver={(event) => over(event, true)}
      onDrop={drop}
    >
      <h2 id="store-images">{text.drop}</h2>
      <p className="quiet">{text.dropHint}</p>
      <div className={styles.buttons}>
        <Button disabled={isSending} onClick={() => folder.current?.click()} variant="default">
          {text.chooseFolder}
        </Button>
        <Button disabled={isSending} onClick={() => files.current?.click()} variant="default">
          {text.chooseFiles}
        </Button>
        {isSending ? (
          <Button onClick={stop} variant="default">
            {text.stop}
          </Button>
        ) : null}
        <span role="status">
          <Words sending={sending} />
        </span>
      </div>
      {isSending ? (
        <progress
          aria-label={text.drop}
          className={styles.bar}
          max={sending.progress.files}
          value={sending.progress.done}
        />
      ) : null}
      {sending.kind === 'failed' ? (
        <FailurePanel error={sending.error} isCompact onRetry={() => void send(sending.files)} />
      ) : null}
      <input
        aria-label={text.chooseFolder}
        hidden
        onChange={(event) => chosen(event.currentTarget)}
        ref={(input) => {
          folder.current = input
          input?.setAttribute('webkitdirectory', '')
        }}
        type="file"
      />
      <input
        aria-label={text.chooseFiles}
        hidden
        multiple
        onChange={(event) => chosen(event.currentTarget)}
        ref={files}
        type="file"
      />
    </section>
  )
}
