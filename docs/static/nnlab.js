// a figure of plotly is drawn before the page has its last width, and takes the new one only when told
addEventListener("load", () => dispatchEvent(new Event("resize")));
