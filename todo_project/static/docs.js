// Swagger UI, in a file of its own so that the page needs no inline script.
const dark = matchMedia("(prefers-color-scheme: dark)");
const followPreference = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followPreference);
followPreference();

// Failures are folded. The introduction says once what each operation of the API has in common.
const common = ["406", "500", "503"];
const foldFailures = ({ React: { createElement: h } }) => ({
  wrapComponents: {
    response: (Response) => (props) => {
      const { code, path, response, getComponent } = props;
      if (code < 400) return h(Response, props);
      if (path.startsWith("/api/") && common.includes(code)) return null;
      const description = h(getComponent("Markdown", true), { source: response.get("description") });
      const table = h("table", { className: "responses-table" }, h("tbody", null, h(Response, props)));
      const failure = h("details", null, h("summary", null, h("b", null, code), description), table);
      return h("tr", { className: "failure" }, h("td", { colSpan: 3 }, failure));
    },
  },
});

const page = document.getElementById("swagger-ui");
SwaggerUIBundle({
  domNode: page,
  url: page.dataset.document,
  deepLinking: true,
  plugins: [foldFailures],
});
