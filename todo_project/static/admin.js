// What was typed into a form survives the end of the session: Django rejects the form, and after
// the login opens an empty one. The text stays in the tab, for the same user, until the next page
// that is not the login. So the server stores no text of somebody who is not logged in, and the
// user submits the form again, with a new CSRF token.
{
  const KEY = "submitted";
  const { user } = document.currentScript.dataset;
  const page = location.pathname;
  const form = document.querySelector(".change-form #content-main form");

  const restore = (typed) => {
    for (const field of form.elements) {
      const values = typed.getAll(field.name);
      if (field.type === "checkbox") field.checked = values.includes(field.value);
      else if (field.options)
        for (const option of field.options) option.selected = values.includes(option.value);
      else if (values.length && field.name !== "csrfmiddlewaretoken") field.value = values[0];
    }
    const note = document.createElement("p");
    note.className = "errornote";
    note.textContent = "The form was not saved. It contains what you typed.";
    form.prepend(note);
  };

  if (!page.endsWith("/login/")) {
    const stored = JSON.parse(sessionStorage.getItem(KEY));
    sessionStorage.removeItem(KEY);
    // A message says that the form was saved, and a note that it was not valid.
    const isAnswered = document.querySelector(".messagelist, .errornote");
    if (form && !isAnswered && stored?.page === page && stored.user === user)
      restore(new URLSearchParams(stored.typed));
  }

  if (form && !form.querySelector("[type=password]"))
    form.addEventListener("submit", () => {
      const typed = String(new URLSearchParams(new FormData(form)));
      sessionStorage.setItem(KEY, JSON.stringify({ user, page, typed }));
    });
}
