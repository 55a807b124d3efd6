"use strict";
const at = id => document.getElementById(id);

/** An element; what is inside is set as text or as elements, so no name or value becomes markup. */
function make(tag, properties = {}, ...inside) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside.filter(part => part !== null));
  return element;
}

/** Five significant digits, with a sign that people read. */
const short = value => value.toLocaleString("en", {maximumSignificantDigits: 5}).replace("-", "−");
const signed = value => value.toLocaleString("en", {minimumFractionDigits: 4, maximumFractionDigits: 4, signDisplay: "exceptZero"}).replace("-", "−");
