// Says below a password that Caps Lock is on.
for (const note of document.querySelectorAll('[data-caps-lock-of]')) {
  const field = document.getElementById(note.dataset.capsLockOf);
  const look = event => { note.hidden = !event.getModifierState?.('CapsLock'); };
  for (const name of ['keydown', 'keyup', 'mousedown']) field.addEventListener(name, look);
}
