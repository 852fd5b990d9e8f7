// Commander loads this for commands that are programs of their own, and there are none: it is a tenth of a start.
export {}
