/** The style of the page; it is dark where the reader's system is. */
export const STYLE = `
:root {
  color-scheme: light;
  --paper: #fff; --ink: #1b1f24; --faint: #59636e; --line: #d1d9e0;
  --shade: #f6f8fa; --good: #1a7f37; --bad: #c11724; --warning: #8a5a00;
  --field: #0a5c8a;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --line: #3d444d;
    --shade: #151b23; --good: #3fb950; --bad: #ff7b72; --warning: #e3b341;
    --field: #79c0ff;
  }
}
body {
  margin: 0 auto; max-width: 66rem; padding: 1.5rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
}
h1, h2, h3 { line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
a { color: inherit; }
code, pre { font-family: ui-monospace, monospace; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
.verdict { font-size: 1.25rem; font-weight: 600; }
.good { color: var(--good); } .bad { color: var(--bad); }
.warning { color: var(--warning); } .field { color: var(--field); }
.faint { color: var(--faint); } .strong { font-weight: 600; }
article { margin: 2rem 0; padding-left: 1rem; border-left: 3px solid var(--line); }
article.bad { border-color: var(--bad); color: inherit; }
article.warning { border-color: var(--warning); color: inherit; }
pre {
  max-height: 32rem; overflow: auto; padding: .75rem; background: var(--shade);
  font-size: .8125rem; line-height: 1.4;
}
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; }
caption { padding: 1.25rem 0 .25rem; font-weight: 600; text-align: left; }
th, td {
  padding: .25rem .75rem .25rem 0; border-top: 1px solid var(--line);
  text-align: left; vertical-align: top;
}
thead th { color: var(--faint); font-weight: normal; }
tbody th { min-width: 15rem; font-weight: normal; white-space: nowrap; }
td:not(:last-child) { white-space: nowrap; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  pre { max-height: none; overflow: visible; white-space: pre-wrap; font-size: 7pt; }
  h2, h3, caption, thead { break-after: avoid; }
  tr, dl { break-inside: avoid; }
}
`;
