// The chosen language: kept in the browser (it is no health information), told to the document, given to every screen.
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import type { Dictionary, Language } from './fill.ts'

interface LanguageChoice {
  readonly language: Language
  readonly choose: (language: Language) => void
}

const storageKey = 'xinglin.language'
const LanguageContext = createContext<LanguageChoice>({ language: 'en', choose: () => undefined })

// public/before-paint.js has already decided and written it to the document.
const languageOfDocument = (): Language => (document.documentElement.lang.startsWith('zh') ? 'zh' : 'en')

function keep(language: Language): void {
  try {
    localStorage.setItem(storageKey, language)
  } catch (error) {
    console.warn('The language is not kept: this browser refuses storage.', error)
  }
}

/** Gives the language to everything inside. */
export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(languageOfDocument)
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  }, [language])
  const choice = useMemo(
    () => ({
      language,
      choose: (next: Language) => {
        keep(next)
        setLanguage(next)
      },
    }),
    [language],
  )
  return <LanguageContext value={choice}>{children}</LanguageContext>
}

/** The language and the way to choose another. */
export function useLanguage(): LanguageChoice {
  return useContext(LanguageContext)
}

/** A screen's texts in the chosen language. */
export function useText<Key extends string>(dictionary: Dictionary<Key>): Readonly<Record<Key, string>> {
  return dictionary[useContext(LanguageContext).language]
}
