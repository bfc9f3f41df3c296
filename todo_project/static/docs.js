// Swagger UI, in a file of its own so that the page needs no inline script.
const dark = matchMedia("(prefers-color-scheme: dark)");
const followPreference = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followPreference);
followPreference();

const page = document.getElementById("swagger-ui");
SwaggerUIBundle({ domNode: page, url: page.dataset.document, deepLinking: true });
