// What a browser made of a page: run in the frame that holds it.
() => {
  const all = selector => [...document.querySelectorAll(selector)];
  const start = element => element.outerHTML.slice(0, 120);

  const pixel = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const known = new Map();
  const rgba = color => {
    if (!known.has(color)) {
      pixel.clearRect(0, 0, 1, 1);
      pixel.fillStyle = color;
      pixel.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
      known.set(color, [red, green, blue, alpha / 255]);
    }
    return known.get(color);
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
  const background = element => {
    if (!element) return [255, 255, 255];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, background(element.parentElement));
  };
  const luminance = color => {
    const [red, green, blue] = color.map(value => value / 255)
      .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = element => {
    const behind = background(element);
    const style = getComputedStyle(element);
    const color = over(rgba(element.closest("svg") ? style.fill : style.color), behind);
    const [dark, light] = [luminance(behind), luminance(color)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const large = element => {
    const style = getComputedStyle(element);
    return parseFloat(style.fontSize) >= (style.fontWeight >= 700 ? 18.66 : 24);
  };
  const hasText = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  const visible = element => element.checkVisibility() && element.getClientRects().length;

  return {
    beyond: all("body *").filter(e => e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 1).map(start),
    pushed: all("body, body *:not(svg *)").filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1).map(start),
    texts: Object.fromEntries(all("svg.chart").filter(visible).map(e => [e.ariaLabel.split(":")[0],
      parseFloat(getComputedStyle(e.querySelector("text")).fontSize) * e.getScreenCTM().a])),
    shown: all("td, tbody th").filter(e => e.checkVisibility()).map(e => e.innerText.trim()),
    faint: all("body *").filter(e => hasText(e) && visible(e) && contrast(e) < (large(e) ? 3 : 4.5))
      .map(e => `${contrast(e).toFixed(2)} ${start(e)}`),
    bottoms: Object.fromEntries([".banner strong", ".tiles", ".failed li"].flatMap(selector =>
      all(selector).slice(0, 1).map(e => [selector, e.getBoundingClientRect().bottom]))),
    height: document.documentElement.scrollHeight,
  };
}
