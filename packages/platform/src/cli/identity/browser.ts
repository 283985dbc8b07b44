// A person at a browser, as far as signing in needs one: cookies by path, redirects one by one, forms filled in.

/** An answer that was not followed further. */
export interface Page {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** A browser with cookies of its own. */
export interface Browser {
  /** Follows redirects as long as they stay at the first origin; the one that leaves it is given back. */
  open(url: string): Promise<Page>
  /** Sends a form of the page, with the button that was pressed. */
  submit(page: Page, fields: Readonly<Record<string, string | readonly string[]>>): Promise<Page>
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly path: string
}

const maxRedirects = 10
const limitMs = 20_000

function parseCookie(line: string): Cookie {
  const [pair = '', ...attributes] = line.split(';')
  const at = pair.indexOf('=')
  const path = attributes.map((text) => text.trim()).find((text) => /^path=/i.test(text))
  return { name: pair.slice(0, at).trim(), value: pair.slice(at + 1), path: path?.slice('path='.length) ?? '/' }
}

// Where a page's form is sent to.
function formAction({ text, url }: Page, method = 'post'): string {
  const [, action] = new RegExp(`<form method="${method}" action="([^"]*)"`).exec(text) ?? []
  return new URL((action ?? '').replaceAll('&amp;', '&'), url).href
}

/** Opens a browser. */
export function openBrowser(): Browser {
  const jar = new Map<string, Cookie>()
  const cookiesFor = (url: URL): string =>
    [...jar.values()]
      .filter(({ path }) => url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  const once = async (url: URL, init: RequestInit): Promise<Page> => {
    const headers = { ...init.headers, cookie: cookiesFor(url), accept: 'text/html' }
    const signal = AbortSignal.timeout(limitMs)
    const answer = await fetch(url, { ...init, headers, redirect: 'manual', signal })
    for (const line of answer.headers.getSetCookie()) {
      const cookie = parseCookie(line)
      const key = `${cookie.name} ${cookie.path}`
      if (cookie.value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(key)
      else jar.set(key, cookie)
    }
    return { url, status: answer.status, headers: answer.headers, text: await answer.text() }
  }
  const follow = async (first: URL, init: RequestInit): Promise<Page> => {
    let page = await once(first, init)
    for (let count = 0; count < maxRedirects; count += 1) {
      const location = page.headers.get('location')
      if (page.status < 300 || page.status >= 400 || location === null) return page
      const next = new URL(location, page.url)
      if (next.origin !== first.origin) return page
      page = await once(next, {})
    }
    throw new Error('Redirected in circles')
  }
  return {
    open: (url) => follow(new URL(url), {}),
    submit(page, fields) {
      const body = new URLSearchParams()
      for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) body.append(name, one)
      const origin = page.url.origin
      return follow(new URL(formAction(page)), {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin },
        body: body.toString(),
      })
    },
  }
}
