// Signing in on the page of the contract, so that the routes for editors can be tried there.
//
// The tokens are in the memory of this page and nowhere else: whoever leaves it or loads it anew has signed out.

'use strict';

(() => {
  // The part of an access token's life after which the next one is fetched.
  const RENEWED_AFTER = 0.8;
  // Seconds until a renewal that nobody answered is tried again, and the most that this grows to.
  const RETRY = 2;
  const LONGEST_RETRY = 60;

  const element = (id) => document.getElementById(id);
  const form = element('sign-in');
  const credentials = element('credentials');

  // Who is signed in: their tokens, and the timer of the next renewal.
  let session = null;

  // Asks a route for editors. What is refused throws an error with the status and the detail of the problem.
  async function ask(method, path, { token, content, keepalive = false } = {}) {
    const headers = {};
    if (token) headers.Authorization = `Bearer ${token}`;
    if (content) headers['Content-Type'] = 'application/json';
    let answer;
    try {
      answer = await fetch(`../v1/admin/${path}`, { method, headers, keepalive, body: content && JSON.stringify(content) });
    } catch {
      throw Object.assign(new Error('the server does not answer'), { status: 0 });
    }
    if (answer.status === 204) return null;
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) return body;
    throw Object.assign(new Error(body.detail || `the server answers with ${answer.status}`), { status: answer.status });
  }

  // What Swagger UI sends as `Authorization: Bearer`, if anything.
  function used() {
    const bearer = window.ui.authSelectors.authorized().get('bearer');
    return bearer && bearer.get('value');
  }

  function use(token) {
    const schema = { type: 'http', scheme: 'bearer' };
    window.ui.authActions.authorize({ bearer: { name: 'bearer', schema, value: token } });
  }

  function tell(problem) {
    element('problem').textContent = problem;
  }

  function show(me) {
    form.hidden = Boolean(me);
    element('signed-in').hidden = !me;
    element('name').textContent = me ? me.name : '';
    element('role').textContent = me ? me.role : '';
  }

  // Takes the tokens of a sign-in or a renewal, and plans the next renewal.
  function keep(of, tokens) {
    of.access = tokens.access_token;
    of.refresh = tokens.refresh_token;
    plan(of, tokens.expires_in * RENEWED_AFTER, RETRY);
  }

  function plan(of, seconds, retry) {
    of.timer = setTimeout(() => renew(of, retry), seconds * 1000);
  }

  async function renew(of, retry) {
    const former = of.access;
    try {
      keep(of, await ask('POST', 'auth/refresh', { content: { refresh_token: of.refresh } }));
    } catch (error) {
      if (session !== of) return;
      if (error.status === 401) {
        forget('The session has ended. Sign in again.');
      } else {
        tell(`The session could not be renewed: ${error.message}. Trying again.`);
        plan(of, retry, Math.min(2 * retry, LONGEST_RETRY));
      }
      return;
    }
    if (session !== of) {
      // Signed out meanwhile.
      clearTimeout(of.timer);
      return;
    }
    // Not in place of a token or an API key that was typed into Swagger UI's own dialogue.
    if (used() === former) use(of.access);
    tell('');
    // The role may be another by now.
    ask('GET', 'me', { token: of.access }).then((me) => session === of && show(me), () => {});
  }

  async function signIn() {
    tell('');
    credentials.disabled = true;
    const content = { email: element('email').value, password: element('password').value };
    try {
      const tokens = await ask('POST', 'auth/login', { content });
      const me = await ask('GET', 'me', { token: tokens.access_token });
      session = {};
      keep(session, tokens);
      use(session.access);
      form.reset();
      show(me);
      element('sign-out').focus();
    } catch (error) {
      tell(`Not signed in: ${error.message}.`);
    }
    credentials.disabled = false;
    if (!session) element('password').select();
  }

  // Signed out as far as this page goes.
  function forget(problem) {
    const { access, timer } = session;
    session = null;
    clearTimeout(timer);
    if (used() === access) window.ui.authActions.logout(['bearer']);
    show(null);
    tell(problem);
    element('email').focus();
  }

  async function signOut() {
    const token = session.access;
    forget('');
    try {
      await ask('POST', 'auth/logout', { token });
    } catch (error) {
      // 401: it had ended already.
      if (error.status !== 401) tell(`Signed out here, but the session goes on: ${error.message}.`);
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    signIn();
  });
  element('sign-out').addEventListener('click', signOut);
  // A session that nobody can use any more should not stay in the list of sessions.
  window.addEventListener('pagehide', () => {
    if (!session) return;
    ask('POST', 'auth/logout', { token: session.access, keepalive: true }).catch(() => {});
    forget('');
  });
  // Swagger UI makes `window.ui` when the page has been loaded.
  window.addEventListener('load', () => {
    credentials.disabled = false;
  });
})();
