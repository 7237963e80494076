/* SPDX-License-Identifier: MIT */

/** A password can be looked at, and a form is sent once. `data-show` and
 * `data-hide` of a password field are what its button says. */
export function helpForms(page: Document): void {
  for (const field of page.querySelectorAll<HTMLInputElement>('[data-show]'))
    addPeek(field);
  for (const form of page.forms) sendOnce(form);
}

function addPeek(field: HTMLInputElement): void {
  const button = field.ownerDocument.createElement('button');
  const { show = '', hide = '' } = field.dataset;
  const say = (shown: boolean) => {
    field.type = shown ? 'text' : 'password';
    button.textContent = shown ? hide : show;
    button.setAttribute('aria-pressed', String(shown));
  };

  button.type = 'button';
  button.className = 'peek';
  button.setAttribute('aria-controls', field.id);
  button.addEventListener('click', () => say(field.type === 'password'));
  say(false);
  field.after(button);
  /* Password managers save what a password field holds. */
  field.form?.addEventListener('submit', () => say(false));
}

function sendOnce(form: HTMLFormElement): void {
  form.addEventListener('submit', (event) => {
    if (form.ariaBusy === 'true') event.preventDefault();
    form.ariaBusy = 'true';
  });
  /* Back from the next page by the browser's memory of this one. */
  window.addEventListener('pageshow', () => {
    form.ariaBusy = null;
  });
}
