// A screen: its title, a sentence of what it is for, and its parts one below the other.
import type { ReactNode } from 'react'
import styles from './Page.module.css'
import { PageTitle } from './PageTitle.tsx'

interface PageProps {
  readonly title: string
  readonly about: string
  /** Where lines would be too long to read, or tables too wide to follow. */
  readonly width?: 'narrow' | 'medium'
  readonly children: ReactNode
}

/** The screen. */
export function Page({ title, about, width, children }: PageProps) {
  return (
    <div className={styles.page} data-width={width}>
      <PageTitle tab={title}>{title}</PageTitle>
      <p className="quiet">{about}</p>
      {children}
    </div>
  )
}
