import { roles } from '../../../contracts/routes.ts'

/** Whom one may be with one click: an operator who asks, and a second person who approves. */
const people = [
  { user: 'operator-1', roles: ['operator'], does: 'plans and runs upgrades' },
  { user: 'operator-2', roles: ['operator', 'approver'], does: 'approves what others ask for' },
  { user: 'viewer-1', roles: ['viewer'], does: 'looks, and changes nothing' },
  { user: 'admin-1', roles: ['admin'], does: 'keys, trust and policies too' },
] as const

const does: Readonly<Record<(typeof roles)[number], string>> = {
  viewer: 'reads',
  operator: 'plans, runs and stops upgrades',
  approver: 'approves plans of others',
  admin: 'all of it, with keys and policies',
}

/** Returns the page at which somebody chooses who they are. The ticket is sent with the form: no other page knows it. */
export function signInPage(ticket: string, complaint = ''): string {
  const hidden = `<input type="hidden" name="ticket" value="${ticket}">`
  const one = (person: (typeof people)[number]) => `
    <form method="post" action="/authorize">${hidden}
      <input type="hidden" name="user" value="${person.user}">
      ${person.roles.map((role) => `<input type="hidden" name="role" value="${role}">`).join('')}
      <button class="person"><span><b>${person.user}</b><small>${person.does}</small></span><em>${person.roles.join(', ')}</em></button>
    </form>`
  const role = (name: (typeof roles)[number]) => `
        <label class="role"><input type="checkbox" name="role" value="${name}"><span><b>${name}</b><small>${does[name]}</small></span></label>`
  return page(
    'Sign in',
    `<h1>Who are you?</h1>
    <p>This is the issuer of one machine: it asks for no password. A deployment has an issuer of its own.</p>
    ${complaint === '' ? '' : `<p class="complaint" role="alert">${complaint}</p>`}
    ${people.map(one).join('')}
    <form method="post" action="/authorize" class="other">${hidden}
      <h2>Somebody else</h2>
      <label for="user">Name</label>
      <input id="user" name="user" required maxlength="128" autocomplete="off" spellcheck="false" placeholder="jane@example.com">
      <fieldset><legend>Roles</legend>${roles.map(role).join('')}</fieldset>
      <button class="primary">Sign in</button>
    </form>`,
  )
}

/** Returns the page that says why nobody is sent anywhere. */
export function refusalPage(why: string): string {
  return page('Not signed in', `<h1>Not signed in</h1><p role="alert">${why}</p>`)
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${title} · Drydock</title>
<link rel="stylesheet" href="/styles.css">
</head>
<body><main>
    <p class="brand">Drydock</p>
    ${body}
</main></body>
</html>
`
}

export const styles = `
:root { color-scheme: light dark; --page: light-dark(#f4f6f8, #0f151b); --card: light-dark(#fff, #182129);
  --text: light-dark(#17212b, #e6edf3); --quiet: light-dark(#526170, #9badbd); --line: light-dark(#d5dce3, #2d3a46);
  --accent: light-dark(#0b62a8, #6cb6ff); --on-accent: light-dark(#fff, #0f151b) }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 30rem; margin: 0 auto; padding: 3rem 1rem }
.brand { font-weight: 700; letter-spacing: .02em; color: var(--accent); margin: 0 0 1.5rem }
h1 { font-size: 1.6rem; margin: 0 0 .5rem } h2 { font-size: 1.05rem; margin: 0 0 .75rem }
p { color: var(--quiet); margin: 0 0 1.25rem } .complaint { color: light-dark(#a3230f, #ff9b8a) }
form { margin: 0 0 .5rem }
button { font: inherit; cursor: pointer; border-radius: 8px; border: 1px solid var(--line); padding: .7rem 1rem }
.person { width: 100%; display: flex; justify-content: space-between; gap: 1rem; align-items: center; text-align: left;
  background: var(--card); color: inherit }
.person:hover { border-color: var(--accent) } .person em { font-style: normal; color: var(--quiet); font-size: .875rem }
small { display: block; color: var(--quiet); font-size: .875rem } b { font-weight: 600 }
.other { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1.25rem; margin-top: 1.5rem }
label { display: block; font-weight: 600; margin-bottom: .25rem } .role { display: flex; gap: .6rem; font-weight: 400; margin: .35rem 0 }
.role input { margin: .3rem 0 0 } #user { width: 100%; font: inherit; padding: .55rem .7rem; border-radius: 8px;
  border: 1px solid var(--line); background: var(--page); color: inherit }
fieldset { border: 0; padding: 0; margin: 1rem 0 } legend { font-weight: 600; padding: 0 }
.primary { background: var(--accent); color: var(--on-accent); border-color: var(--accent); width: 100% }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
`
