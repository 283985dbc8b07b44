// Switches of language and colours.
import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { Icon } from '../components/Icon.tsx'
import { useLanguage, useText } from '../language/LanguageProvider.tsx'
import styles from './Preferences.module.css'
import { shellText } from './text.ts'

/** Offers the other language, named in that language. */
export function LanguageSwitch() {
  const { language, choose } = useLanguage()
  const text = useText(shellText)
  const other = language === 'en' ? 'zh' : 'en'
  return (
    <button
      aria-label={text.otherLanguage}
      className={styles.switch}
      lang={other === 'zh' ? 'zh-CN' : 'en'}
      onClick={() => choose(other)}
      type="button"
    >
      <Icon name="language" />
      <span>{other === 'zh' ? '中文' : 'English'}</span>
    </button>
  )
}

/** Offers the other colours. */
export function ColourSwitch() {
  const text = useText(shellText)
  const { setColorScheme } = useMantineColorScheme()
  const isDark = useComputedColorScheme('light', { getInitialValueInEffect: false }) === 'dark'
  const label = isDark ? text.toLight : text.toDark
  return (
    <button
      aria-label={label}
      className={styles.switch}
      onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
      title={label}
      type="button"
    >
      <Icon name={isDark ? 'sun' : 'moon'} />
    </button>
  )
}
