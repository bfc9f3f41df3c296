// Reports each expression and type that is `any`, also if a library declares it: `strict` permits those.
import ts from "typescript";

const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, ".");
const program = ts.createProgram(fileNames, options);
const checker = program.getTypeChecker();

function visit(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return; // no values
  const typed = ts.isIdentifier(node) || ts.isCallExpression(node) || ts.isTypeNode(node);
  if (typed && checker.getTypeAtLocation(node).flags & ts.TypeFlags.Any) {
    const file = node.getSourceFile();
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    console.error(`${file.fileName}:${line + 1}: any: ${node.getText()}`);
    process.exitCode = 1;
  }
  ts.forEachChild(node, visit);
}

for (const file of program.getSourceFiles())
  if (fileNames.includes(file.fileName)) ts.forEachChild(file, visit);
