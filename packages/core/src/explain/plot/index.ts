// The door to the plots of explanations: SVG as text, each with a title, a description and a table that says the same.
export { forcePlot } from './force.ts'
export { beeswarmPlot, type ManyRows, type OverTime, timeHeatMap } from './many.ts'
export { type PlotData, type PlotItem, type PlotStep, type PlotSteps, waterfallSteps } from './steps.ts'
export { plotTable } from './svg.ts'
export { waterfallPlot } from './waterfall.ts'
export { type PlotLanguage, type PlotWish, plotSummary, signed } from './words.ts'
