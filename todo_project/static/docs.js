// Swagger UI, in a file of its own so that the page needs no inline script.
const page = document.getElementById("swagger-ui");
SwaggerUIBundle({ domNode: page, url: page.dataset.document, deepLinking: true });
