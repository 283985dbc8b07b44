// The command bar (Ctrl K): one field that finds patients and commands, used without a mouse.
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { Icon } from '../../components/Icon.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './CommandBar.module.css'
import { moved } from './choices.ts'
import { commandText } from './text.ts'
import { type LiveChoice, useChoices } from './use-choices.ts'

const groups = ['patients', 'commands'] as const

interface OptionsProps {
  readonly choices: readonly LiveChoice[]
  readonly index: number
  readonly onRun: (choice: LiveChoice) => void
  readonly onPoint: (index: number) => void
}

function Options({ choices, index, onRun, onPoint }: OptionsProps) {
  const text = useText(commandText)
  const chosen = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was chosen by a key is brought into view
  useEffect(() => chosen.current?.scrollIntoView({ block: 'nearest' }), [index])
  return (
    <div aria-label={text.results} className={styles.results} id="command-results" role="listbox" tabIndex={-1}>
      {groups.map((group) => {
        const members = choices.map((choice, at) => ({ choice, at })).filter(({ choice }) => choice.group === group)
        if (members.length === 0) return null
        return (
          // biome-ignore lint/a11y/useSemanticElements: a group of options, not of fields
          <div aria-label={text[group]} key={group} role="group">
            <div aria-hidden="true" className={styles.group}>
              {text[group]}
            </div>
            {members.map(({ choice, at }) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled where the focus is, in the field
              // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus (ARIA combobox)
              <div
                aria-selected={at === index}
                className={styles.option}
                id={`command-${at}`}
                key={choice.id}
                onClick={() => onRun(choice)}
                onPointerMove={() => onPoint(at)}
                ref={at === index ? chosen : null}
                role="option"
              >
                <span className={styles.label}>{choice.label}</span>
                {choice.detail === undefined ? null : <span className={styles.detail}>{choice.detail}</span>}
              </div>
            ))}
          </div>
        )
      })}
    </div>
  )
}

function useDialog(onClose: () => void) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  return { dialog, close: () => dialog.current?.close(), onClose }
}

/** The bar; closes itself and gives the focus back to where it was. */
export function CommandBar({ onClose }: { readonly onClose: () => void }) {
  const text = useText(commandText)
  const { dialog, close } = useDialog(onClose)
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const { choices, isSearching, hasFailed } = useChoices(typed)
  const index = Math.min(at, choices.length - 1)
  const run = (choice: LiveChoice): void => {
    close()
    choice.run()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return // Enter ends the input of a Chinese word first
    const next = moved(event.key, index, choices.length)
    const choice = choices[index]
    if (next !== undefined) setAt(next)
    else if (event.key === 'Enter' && choice !== undefined) run(choice)
    else return
    event.preventDefault()
  }
  const said = isSearching ? text.searching : hasFailed ? text.failed : choices.length === 0 ? text.none : ''
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      aria-label={text.title}
      className={styles.dialog}
      onClick={(event) => (event.target === dialog.current ? close() : undefined)}
      onClose={onClose}
      ref={dialog}
    >
      <div className={styles.field}>
        <Icon name="search" />
        <input
          aria-activedescendant={choices.length === 0 ? undefined : `command-${index}`}
          aria-autocomplete="list"
          aria-controls="command-results"
          aria-expanded="true"
          aria-label={text.field}
          autoComplete="off"
          className={styles.input}
          maxLength={100}
          onChange={(event) => {
            setTyped(event.currentTarget.value)
            setAt(0)
          }}
          onKeyDown={onKeyDown}
          placeholder={text.hint}
          role="combobox"
          spellCheck={false}
          value={typed}
        />
        <button aria-label={text.close} className={styles.close} onClick={close} type="button">
          <Icon name="close" />
        </button>
      </div>
      <Options choices={choices} index={index} onPoint={setAt} onRun={run} />
      <p className={styles.said} role="status">
        {said === '' ? <span className="visually-hidden">{fill(text.found, { count: choices.length })}</span> : said}
      </p>
      <p className={styles.keys}>{text.keys}</p>
    </dialog>
  )
}
