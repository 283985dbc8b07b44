// The frame of the pages: no script, one style of our own, nothing from elsewhere, and a policy that says so to the browser.
import { createHash } from 'node:crypto'
import { type Html, html, trusted } from './html.ts'
import type { Language, Say } from './words.ts'

const style = `
:root{color-scheme:light dark;--ground:#f6f8f9;--surface:#fff;--ink:#14212b;--quiet:#50616b;--edge:#80919a;--line:#dbe3e6;
--primary:#0b6e6e;--on-primary:#fff;--danger:#b3261e;--danger-soft:#fbebe9}
@media(prefers-color-scheme:dark){:root{--ground:#0b0f12;--surface:#11171b;--ink:#dde5ea;--quiet:#9bafb9;--edge:#667a85;
--line:#243139;--primary:#57bdb6;--on-primary:#05201f;--danger:#ff938a;--danger-soft:#35191a}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 -apple-system,"Segoe UI",Roboto,"PingFang SC",
"Noto Sans CJK SC","Noto Sans SC","Microsoft YaHei",arial,sans-serif}
main{max-width:30rem;margin:6vh auto;padding:2rem;background:var(--surface);border:1px solid var(--line);border-radius:10px}
header{display:flex;align-items:center;gap:.6rem;margin-bottom:1.2rem}header a{margin-left:auto}
h1{font-size:1.35rem;margin:0 0 .4rem}h2{font-size:1.05rem;margin:1.4rem 0 .3rem}p{margin:.3rem 0}
.quiet{color:var(--quiet)}a{color:var(--primary)}
label{display:block;margin-top:.9rem;font-weight:600}
input[type=text],input[type=password],input[type=search]{width:100%;padding:.55rem .7rem;font:inherit;color:inherit;
background:var(--ground);border:1px solid var(--edge);border-radius:6px}
.choice{display:flex;gap:.6rem;align-items:baseline;font-weight:400;margin-top:.45rem}
.row{display:flex;gap:.6rem;margin-top:1.4rem}.row.tight{margin-top:.6rem}
button{font:inherit;font-weight:600;padding:.55rem 1.1rem;border-radius:6px;border:1px solid var(--primary);cursor:pointer;
background:var(--primary);color:var(--on-primary)}
button.plain{background:transparent;color:var(--primary)}
:focus-visible{outline:3px solid var(--primary);outline-offset:2px}
.fault{padding:.6rem .8rem;border-left:4px solid var(--danger);background:var(--danger-soft)}
fieldset{border:0;padding:0;margin:1rem 0 0}legend{padding:0;font-weight:600}ul{padding-left:1.2rem}code{overflow-wrap:anywhere}
`

const mark =
  trusted(`<svg aria-hidden="true" height="28" viewBox="0 0 32 32" width="28"><rect fill="#0b6e6e" height="32" rx="7" width="32"/>
<g fill="#fff"><circle cx="16" cy="8.6" r="4.3"/><circle cx="23" cy="13.7" r="4.3"/><circle cx="20.4" cy="22" r="4.3"/>
<circle cx="11.6" cy="22" r="4.3"/><circle cx="9" cy="13.7" r="4.3"/></g><circle cx="16" cy="16.2" fill="#f0a35e" r="3.4"/></svg>`)

const styleHash = createHash('sha256').update(style).digest('base64')

/** A page to be framed. */
export interface PageParts {
  readonly language: Language
  readonly say: Say
  readonly title: string
  /** Address of the page in the other language; none where there is nothing to say it on. */
  readonly otherLanguage?: string
  readonly body: Html
}

/** The whole document. */
export function documentOf({ language, say, title, otherLanguage, body }: PageParts): string {
  const other = language === 'zh' ? 'en' : 'zh-CN'
  const toggle =
    otherLanguage === undefined
      ? undefined
      : html`<a href="${otherLanguage}" hreflang="${other}" lang="${other}">${say('otherLanguage')}</a>`
  return html`<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<title>${title} · ${say('product')}</title><style>${trusted(style)}</style></head>
<body><main><header>${mark}<strong>${say('product')}</strong>${toggle}</header>${body}</main></body></html>`.html
}

/**
 * Headers of a page. Forms may lead to ourselves and to where the app is: browsers hold the policy also against the
 * redirect that answers a form.
 */
export function pageHeaders(formTarget?: string): Readonly<Record<string, string>> {
  const forms = ["'self'", ...(formTarget === undefined ? [] : [formTarget])].join(' ')
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action ${forms}; frame-ancestors 'none'; base-uri 'none'`,
    'x-frame-options': 'DENY',
    // Not no-referrer: browsers then send a form with the origin null, which cannot be told from a stranger's.
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  }
}
