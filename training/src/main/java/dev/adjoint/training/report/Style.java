package dev.adjoint.training.report;

import java.util.Locale;
import java.util.function.ToIntFunction;

/**
 * How pages and plots look, in light and in dark: a page and a plot alone have the same colors.
 *
 * <p>Text differs from paper at least by 4.5 : 1, marks by 3 : 1 (WCAG 2.2, 1.4.3 and 1.4.11).
 *
 * @hidden
 */
public final class Style {

  /** What is neither a series nor a verdict. */
  enum Ink {
    PAPER(0xFFFFFF, 0x16181C),
    TEXT(0x1C1D1F, 0xE7E5E1),
    QUIET(0x5A5C60, 0xABADB2),
    AXIS(0x8A8C90, 0x7C7F86),
    RULE(0xDADBDD, 0x3A3D44),
    PANEL(0xF4F5F6, 0x1F2228),
    GOOD(0x00694C, 0x4FD6AC),
    BAD(0xA83800, 0xFF9D5C),
    HALF(0x6E5500, 0xE8C14A);

    final int light;
    final int dark;

    Ink(int light, int dark) {
      this.light = light;
      this.dark = dark;
    }

    String variable() {
      return "--" + name().toLowerCase(Locale.ROOT);
    }
  }

  private static final String PLOTS =
      """
      .plot { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
      .plot .paper { fill: var(--paper); }
      .plot .title { fill: var(--text); font-size: 15px; font-weight: 600; }
      .plot .label { fill: var(--quiet); }
      .plot .end { text-anchor: end; }
      .plot .middle { text-anchor: middle; }
      .plot path { fill: none; stroke-linecap: round; stroke-linejoin: round; }
      .plot .grid { stroke: var(--rule); }
      .plot .axis { stroke: var(--axis); }
      .plot .line { stroke: currentColor; stroke-width: 1.8; }
      .plot .thin { stroke: currentColor; stroke-width: 1.3; }
      .plot .band { fill: currentColor; fill-opacity: .18; stroke: currentColor; stroke-width: .7; }
      .plot .marker { fill: currentColor; stroke: var(--paper); stroke-width: .8; }
      .plot .bar { fill: currentColor; }
      .plot .hole { fill: var(--paper); }
      """;

  private Style() {}

  /** Returns the style of plots: colors of both kinds of paper, and what they are for. */
  public static String ofPlots() {
    return "%s@media (prefers-color-scheme: dark) {\n%s}\n%s"
        .formatted(
            colors(ink -> ink.light, PlotColor::light),
            colors(ink -> ink.dark, PlotColor::dark),
            PLOTS);
  }

  private static String colors(ToIntFunction<Ink> inks, ToIntFunction<PlotColor> series) {
    StringBuilder css = new StringBuilder(":root {");
    for (Ink ink : Ink.values()) {
      css.append(" %s: #%06x;".formatted(ink.variable(), inks.applyAsInt(ink)));
    }
    css.append(" }\n");
    for (PlotColor color : PlotColor.values()) {
      css.append(
          ".plot .%s { color: #%06x; }\n".formatted(color.cssClass(), series.applyAsInt(color)));
    }
    return css.toString();
  }

  /** Returns the style of a page and its plots. */
  public static String ofPages() {
    return ofPlots() + PAGES;
  }

  private static final String PAGES =
      """
      :root { color-scheme: light dark; }
      * { box-sizing: border-box; }
      body { margin: 0; background: var(--paper); color: var(--text); overflow-wrap: break-word;
        font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
      main { max-width: 74rem; margin: 0 auto; padding: 1.2rem clamp(1rem, 4vw, 3rem) 4rem; }
      h1 { font-size: clamp(1.6rem, 5vw, 2.2rem); line-height: 1.15; letter-spacing: -.01em; margin: .8rem 0; }
      h2 { font-size: 1.3rem; line-height: 1.25; margin: 3rem 0 .5rem; padding-top: .9rem;
        border-top: 1px solid var(--rule); }
      p, pre, ul, .claim, .claims { max-width: 44rem; }
      p { margin: .8rem 0; }
      a { color: inherit; text-decoration-color: var(--axis); text-underline-offset: .18em; }
      .answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(9rem, 40%), 1fr));
        gap: .7rem; margin: 1.2rem 0; }
      .answers div { background: var(--panel); border-radius: .6rem; padding: .8rem 1rem; }
      .answers dd { margin: 0; font-size: 1.7rem; line-height: 1.25; font-weight: 650;
        font-variant-numeric: tabular-nums; }
      .answers dt { color: var(--quiet); font-size: .85rem; line-height: 1.35; }
      .answers div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
      .facts { display: grid; grid-template-columns: max-content minmax(0, 44rem); gap: .3rem 1.2rem;
        margin: 1.2rem 0; font-size: .92rem; }
      .facts dt { color: var(--quiet); } .facts dd { margin: 0; }
      nav { margin: 1.6rem 0 0; font-size: .92rem; }
      nav ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem 1.3rem; }
      nav .claims { display: block; } nav .claims > li { margin: .9rem 0; }
      nav .claims > li > a { font-weight: 600; }
      nav .claims ul { display: block; }
      nav .claims ul li { margin: .25rem 0; display: grid; grid-template-columns: 9.6em minmax(0, 1fr); gap: 0 .6em; }
      .verdict { font-weight: 650; white-space: nowrap; }
      .yes { color: var(--good); } .no { color: var(--bad); } .partly { color: var(--half); }
      .claim { border-left: 4px solid; padding: .1rem 0 .1rem .9rem; margin: 1rem 0; }
      .claim > * { max-width: none; margin: .15rem 0; }
      .claim p { color: var(--text); } .claim p.details { color: var(--quiet); font-size: .92rem; }
      .plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr));
        gap: 1.6rem 2rem; margin: 1.2rem 0; }
      .plots:has(> :only-child) { grid-template-columns: minmax(0, 30rem); }
      figure { margin: 0; }
      figure > p { font-weight: 600; margin: 0 0 .3rem; line-height: 1.3; }
      .plot { display: block; width: 100%; height: auto; overflow: visible; }
      figcaption { font-size: .85rem; line-height: 1.4; color: var(--quiet); margin-top: .3rem; }
      .drawing { margin: 1.2rem 0; }
      .drawing > div { overflow-x: auto; }
      .drawing .plot { margin: 0 auto; }
      .pictures { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1rem 0; }
      .pictures img { display: block; width: 7rem; height: auto; image-rendering: pixelated;
        border: 1px solid var(--rule); border-radius: .3rem; }
      .pictures figcaption { max-width: 7rem; }
      .items { columns: 13rem; column-gap: 2rem; max-width: none; padding-left: 1.1rem; margin: .8rem 0; }
      .items li { break-inside: avoid; margin: .1rem 0; }
      .table, pre { overflow-x: auto; margin: 1rem 0; }
      pre { font-size: .8rem; line-height: 1.4; max-width: none; }
      table { border-collapse: collapse; font-size: .88rem; line-height: 1.35; }
      th, td { text-align: left; vertical-align: top; padding: .32rem 1.1rem .32rem 0; }
      th { color: var(--quiet); font-weight: 600; border-bottom: 2px solid var(--rule); }
      td { border-bottom: 1px solid var(--rule); }
      .number { text-align: right; font-variant-numeric: tabular-nums; }
      details { margin: 1.2rem 0; border-top: 1px solid var(--rule); }
      summary { cursor: pointer; font-weight: 600; padding: .7rem 0; }
      @media (max-width: 34rem) {
        .facts { gap: .3rem .9rem; }
        .answers dd { font-size: 1.35rem; }
        nav .claims ul li { grid-template-columns: minmax(0, 1fr); }
      }
      @media print {
        body { font-size: 10pt; } main { max-width: none; padding: 0; } nav { break-after: avoid; }
        figure, table, .claim { break-inside: avoid; } h2 { break-after: avoid; }
        details::details-content { content-visibility: visible; height: auto; }
      }
      """;
}
